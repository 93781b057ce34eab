import { describe, expect, test } from 'vitest';
import { callerFaults, keyFaults } from '../../src/settings/secrets.ts';

const good = '4c1f0a9b7de2835061fbca94';

describe('keys of the provider', () => {
  test('stand in one project, and projects have names of their own', () => {
    expect(
      keyFaults([
        { id: 'a', keys: ['k1', 'k2', 'k1'] },
        { id: 'b', keys: ['k3'] },
      ]),
    ).toEqual([]);
  });

  test.each([
    [
      'in two projects',
      [
        { id: 'a', keys: ['canary'] },
        { id: 'b', keys: ['x', 'canary'] },
      ],
      ['key 2 of project "b" stands in project "a" already'],
    ],
    ['blank', [{ id: 'a', keys: [' '] }], ['key 1 of project 1 is blank']],
    ['empty', [{ id: 'a', keys: [''] }], ['key 1 of project 1 is blank']],
    [
      'with a blank in it',
      [{ id: 'a', keys: ['canary canary'] }],
      ['key 1 of project "a" has a blank or a character that no header may carry'],
    ],
    [
      'with a line end in it',
      [{ id: 'a', keys: ['canary\r\nx: y'] }],
      ['key 1 of project "a" has a blank or a character that no header may carry'],
    ],
    [
      'with a letter that no header may carry',
      [{ id: 'a', keys: ['canaryé'] }],
      ['key 1 of project "a" has a blank or a character that no header may carry'],
    ],
    [
      'in projects of one name',
      [
        { id: 'a', keys: ['k1'] },
        { id: 'a', keys: ['k2'] },
      ],
      ['project "a" has the name of another'],
    ],
  ])('%s', (_, projects, faults) => {
    expect(keyFaults(projects)).toEqual(faults);
  });
});

describe('keys of callers', () => {
  test.each([
    [good],
    ['openssl-rand-hex-Zq81'],
    ['aaaaabcdefghijkl'],
    ['~!@#$%^&*()_+-={}'],
    ['contest-entry-9-of-18'],
  ])('%s is good', (key) => {
    expect(callerFaults([{ id: 'alice', key }])).toEqual([]);
  });

  test.each([
    ['canary', 'has 6 characters'],
    ['fifteen-letters', 'has 15 characters'],
    ['canary canary canary', 'no header may carry'],
    ['canary\ncanary-canary', 'no header may carry'],
    ['canaryé-canary-canary', 'no header may carry'],
    ['change-me-change-me', 'well-known example'],
    ['please-changeme-now', 'well-known example'],
    ['your-api-key-goes-here', 'well-known example'],
    ['YOUR_API_KEY_GOES_HERE', 'well-known example'],
    ['yourkeyyourkeyyourkey', 'well-known example'],
    ['this-is-an-example-key', 'well-known example'],
    ['placeholder-placeholder', 'well-known example'],
    ['my-password-is-long', 'well-known example'],
    ['letmein-letmein-letmein', 'well-known example'],
    ['insert-your-own-here', 'well-known example'],
    ['dummy-dummy-dummy-dummy', 'well-known example'],
    ['sk-1234567890abcdef', 'well-known example'],
    ['12345678901234567890', 'well-known example'],
    ['test-key-test-key-test', 'well-known example'],
    ['secretsecretsecret', 'well-known example'],
    ['adminadminadminadmin', 'well-known example'],
    ['aaaaaaaaaaaaaaaaaaaa', 'repeats a few characters'],
    ['abcabcabcabcabcabcabc', 'repeats a few characters'],
  ])('%j is weak', (key, why) => {
    const faults = callerFaults([{ id: 'alice', key }]);
    expect(faults).toEqual([expect.stringContaining(why)]);
    expect(faults[0]).toContain('caller "alice"');
    if (key !== '') expect(faults[0]).not.toContain(key);
  });

  test('stand once, for callers that have names of their own', () => {
    const twice = [
      { id: 'alice', key: good },
      { id: 'alice', key: good },
    ];
    expect(callerFaults(twice)).toEqual([
      'caller "alice" has the name of another',
      'caller "alice" has the key of another',
    ]);
  });

  test('an empty list lets nobody in, and says so', () => {
    expect(callerFaults([])).toEqual(['callers is an empty list: nobody could call']);
  });
});

describe('a key in the wrong place', () => {
  const secret = 'AIzaSyCanary0123456789012345678901234';

  test('a key that stands where a name belongs is refused, and is not repeated', () => {
    const faults = [...keyFaults([{ id: secret, keys: ['work'] }]), ...callerFaults([{ id: secret, key: 'alice' }])];
    expect(faults).toEqual([
      'project 1 has a name that looks like a key; the short form is project=KEY',
      'caller 1 has a name that looks like a key; the short form is id=KEY',
      expect.stringContaining('the key of caller 1 has 5 characters'),
    ]);
    expect(faults.join()).not.toContain('Canary');
  });

  test('a name with nothing behind it, as an unset variable leaves it, is no key', () => {
    expect(callerFaults([{ id: 'front', key: '' }])).toEqual(['caller 1 has no key']);
    expect(keyFaults([{ id: 'home', keys: [''] }])).toEqual(['key 1 of project 1 is blank']);
  });
});
