import { describe, expect, test } from 'vitest';
import { type ListCall, pageTarget, pooledList } from '../../src/affinity/list-call.ts';

describe('a list over the pool', () => {
  test.each([
    ['/v1beta/files', 'files', 'files'],
    ['/v1/cachedContents?pageSize=3', 'cachedContents', 'cachedContents'],
    ['/v1beta/batches', 'batches', 'batches'],
    ['/v1beta/fileSearchStores', 'fileSearchStores', 'fileSearchStores'],
    ['/v1beta/tunedModels', 'tunedModels', 'tunedModels'],
    ['/v1beta/corpora', 'corpora', 'corpora'],
    ['/v1/interactions', 'interactions', 'interactions'],
    ['/v1beta/agents', 'agents', 'agents'],
    ['/v1beta/operations', 'operations', 'operations'],
    ['/v1beta/models/veo/operations', 'operations', 'models/veo/operations'],
    ['/v1beta/%66iles', 'files', 'files'],
  ])('%s', (target, collection, of) => {
    expect(pooledList('GET', target)).toMatchObject({ collection, of });
  });

  test.each([
    ['POST', '/v1beta/files'],
    ['HEAD', '/v1beta/files'],
    ['GET', '/v1beta/files/abc'],
    ['GET', '/v1beta/models'],
    ['GET', '/upload/v1beta/files'],
    ['GET', '/v1beta/openai/files'],
    ['GET', '/v1beta/fileSearchStores/s/documents'],
    ['GET', '/v1beta/environments/e/files'],
  ])('%s %s is none', (method, target) => {
    expect(pooledList(method, target)).toBeNull();
  });

  test('keeps every parameter that is not about pages as it came', () => {
    const call = pooledList('GET', '/v1beta/files?filter=a%20%3D+b&pageSize=7&page_token=t%3D&&x') as ListCall;
    expect(call).toMatchObject({ pageSize: 7, token: 't=', query: ['filter=a%20%3D+b', 'x'] });
    expect(pageTarget(call, 3, 'u/+=')).toBe('/v1beta/files?filter=a%20%3D+b&x&pageSize=3&pageToken=u%2F%2B%3D');
    expect(pageTarget(call, null, null)).toBe('/v1beta/files?filter=a%20%3D+b&x');
    const agents = pooledList('GET', '/v1/agents') as ListCall;
    expect(pageTarget(agents, null, null)).toBe('/v1/agents');
    expect(pageTarget(agents, 1, 't')).toBe('/v1/agents?page_size=1&page_token=t');
  });

  test.each(['0', '-1', 'many', '1.5', '', '9999999999'])('lets the provider judge the page size %j', (size) => {
    const call = pooledList('GET', `/v1beta/files?pageSize=${size}`) as ListCall;
    expect(call.pageSize).toBeNull();
    expect(pageTarget(call, null, null)).toBe(`/v1beta/files?pageSize=${size}`);
  });

  test('takes an empty token for none', () => {
    expect(pooledList('GET', '/v1beta/files?pageToken=')?.token).toBeNull();
  });
});
