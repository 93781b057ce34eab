import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCallers, parseKeys } from '../../src/settings/short-forms.ts';

describe('keys in one line', () => {
  test.each<[string, { id: string; isGuessed?: boolean; keys: string[] }[]]>([
    ['', []],
    [' , \n ,, ', []],
    ['K1', [{ id: 'project-1', isGuessed: true, keys: ['K1'] }]],
    [
      'K1,K2',
      [
        { id: 'project-1', isGuessed: true, keys: ['K1'] },
        { id: 'project-2', isGuessed: true, keys: ['K2'] },
      ],
    ],
    [
      ' K1 \n\r\n K2 ,',
      [
        { id: 'project-1', isGuessed: true, keys: ['K1'] },
        { id: 'project-2', isGuessed: true, keys: ['K2'] },
      ],
    ],
    [
      'main=K1,main=K2,spare=K3',
      [
        { id: 'main', keys: ['K1', 'K2'] },
        { id: 'spare', keys: ['K3'] },
      ],
    ],
    [
      'main=K1,K2',
      [
        { id: 'main', keys: ['K1'] },
        { id: 'project-1', isGuessed: true, keys: ['K2'] },
      ],
    ],
    ['home=', [{ id: 'home', keys: [''] }]],
    ['home==', [{ id: 'home', keys: [''] }]],
    ['main=a1b2c3==', [{ id: 'main', keys: ['a1b2c3=='] }]],
    ['my-project_1.x=K', [{ id: 'my-project_1.x', keys: ['K'] }]],
  ])('%j', (text, projects) => {
    expect(parseKeys(text)).toEqual(projects);
  });
});

describe('callers in one line', () => {
  test.each<[string, { id: string; key: string }[]]>([
    ['', []],
    [
      'alice=K1,K2,bob=K3,K4',
      [
        { id: 'alice', key: 'K1' },
        { id: 'caller-1', key: 'K2' },
        { id: 'bob', key: 'K3' },
        { id: 'caller-2', key: 'K4' },
      ],
    ],
    ['alice=K==', [{ id: 'alice', key: 'K==' }]],
  ])('%j', (text, callers) => {
    expect(parseCallers(text)).toEqual(callers);
  });
});

test('a well-formed list comes back as it was written', () => {
  const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/);
  fc.assert(
    fc.property(fc.dictionary(word, fc.array(word, { minLength: 1, maxLength: 4 }), { minKeys: 1 }), (projects) => {
      const text = Object.entries(projects)
        .flatMap(([id, keys]) => keys.map((key) => `${id}=${key}`))
        .join(' ,\n');
      expect(parseKeys(text)).toEqual(Object.entries(projects).map(([id, keys]) => ({ id, keys })));
    }),
  );
});
