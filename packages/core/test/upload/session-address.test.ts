import { expect, test } from 'vitest';
import { addressesIn } from '../../src/upload/session-address.ts';

const here = () => 'https://ai.example/gemini';
const google = 'https://generativelanguage.googleapis.com';

test.each([
  ['v1beta/files?upload_id=a-b_c&upload_protocol=resumable', 'v1beta/files?upload_id=a-b_c&upload_protocol=resumable'],
  [
    'v1beta/files?upload_id=a&key=AIzaSecret&upload_protocol=resumable',
    'v1beta/files?upload_id=a&upload_protocol=resumable',
  ],
  ['v1/files?%6bey=AIzaSecret&$key=x&access_token=y&upload_id=a', 'v1/files?upload_id=a'],
  [
    'v1beta/fileSearchStores/s-1:uploadToFileSearchStore?upload_id=a',
    'v1beta/fileSearchStores/s-1:uploadToFileSearchStore?upload_id=a',
  ],
  ['v1/environments/e/files/notes%2Fa.txt?upload_id=a', 'v1/environments/e/files/notes/a.txt?upload_id=a'],
])('%s', (told, shown) => {
  const found = addressesIn({ 'x-goog-upload-url': `${google}/upload/${told}` }, here);
  expect(found.get('x-goog-upload-url')?.url).toBe(`https://ai.example/gemini/upload/${shown}`);
});

test('each field that tells one is read, whatever host it names, and the session is known by its decoded id', () => {
  const found = addressesIn(
    {
      'x-goog-upload-url': 'https://upload.elsewhere.example/upload/v1/files?upload_id=a%2Bb',
      'x-goog-upload-control-url': `${google}/upload/v1/files?upload_id=a%2Bb`,
      location: '/upload/v1/files?upload_id=a%2Bb&uploadType=resumable',
      'x-goog-upload-status': 'active',
    },
    here,
  );
  expect([...found].map(([field, address]) => [field, address?.uploadId])).toEqual([
    ['x-goog-upload-url', 'a+b'],
    ['x-goog-upload-control-url', 'a+b'],
    ['location', 'a+b'],
  ]);
});

test.each([
  `${google}/v1beta/files?upload_id=a`,
  `${google}/upload/v1beta/files`,
  `${google}/upload/v1beta/files?upload_id=`,
  `${google}/upload/../v1beta/files?upload_id=a`,
  'https://evil.example/',
  'javascript:alert(1)',
  '',
])('%s is no address of a session, and is shown to nobody', (told) => {
  expect(addressesIn({ location: told }, here).get('location')).toBeNull();
  expect(addressesIn({ location: [told, told] }, here).get('location')).toBeNull();
});
