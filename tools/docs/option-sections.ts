/**
 * Reads `options.ts` into sections: one per interface that an option has as its value, in the order of the file.
 *
 * Only syntax is read, no types are computed: what a reader sees in the file is what stands in the page. An interface
 * from another file counts as a section when its name ends in `Options`; others (`Clock`) are values to be handed over.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { docstringOf } from './docstring.ts';

export interface OptionRow {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default: string | undefined;
  readonly text: string;
  /** Path of the section that describes the value. */
  readonly section: string | undefined;
}

export interface Section {
  /** `''` for the root, else as `pools.<name>.projects[]`. */
  readonly path: string;
  readonly text: string;
  readonly rows: readonly OptionRow[];
}

type Members = ts.InterfaceDeclaration | ts.TypeLiteralNode;

/** @throws Error when the file has no interface of that name */
export function readSections(file: string, rootInterface: string): Section[] {
  const known = collect(file);
  const start = known.get(rootInterface);
  if (!start) throw new Error(`${file} has no interface ${rootInterface}`);
  return describe(start, '', docstringOf(start, start.getSourceFile()).text, known);
}

function describe(members: Members, path: string, text: string, known: ReadonlyMap<string, Members>): Section[] {
  const nested: Section[] = [];
  const rows = properties(members, known).map((property): OptionRow => {
    const source = property.getSourceFile();
    const name = property.name.getText(source);
    const docs = docstringOf(property, source);
    const inner = property.type && innerSection(property.type, known);
    const section = inner && `${path ? `${path}.` : ''}${name}${inner.suffix}`;
    if (inner && section) {
      const own = ts.isInterfaceDeclaration(inner.members)
        ? docstringOf(inner.members, inner.members.getSourceFile())
        : docs;
      nested.push(...describe(inner.members, section, own.text, known));
    }
    const type = (property.type?.getText(source) ?? 'unknown').replace(/\s+/g, ' ').replace(/^\|\s*/, '');
    return { ...docs, name, section, type: type.replace(/ \| undefined$/, ''), required: !property.questionToken };
  });
  return [{ path, text, rows }, ...nested];
}

/** Own and inherited ones; what is inherited stands last, and an own one of the same name wins. */
function properties(members: Members, known: ReadonlyMap<string, Members>): ts.PropertySignature[] {
  const own = members.members.filter(ts.isPropertySignature);
  const parents = ts.isInterfaceDeclaration(members) ? (members.heritageClauses ?? []) : [];
  const inherited = parents.flatMap(({ types }) =>
    types.flatMap((type) => {
      const parent = known.get(type.expression.getText());
      return parent ? properties(parent, known) : [];
    }),
  );
  const names = new Set(own.map((property) => property.name.getText()));
  return [...own, ...inherited.filter((property) => !names.has(property.name.getText()))];
}

/** The section within a type: behind unions, arrays and records. */
function innerSection(
  type: ts.TypeNode,
  known: ReadonlyMap<string, Members>,
  suffix = '',
): { members: Members; suffix: string } | undefined {
  if (ts.isTypeLiteralNode(type)) return { members: type, suffix };
  if (ts.isUnionTypeNode(type)) {
    return type.types.map((part) => innerSection(part, known, suffix)).find((found) => found !== undefined);
  }
  if (ts.isTypeOperatorNode(type) || ts.isParenthesizedTypeNode(type)) return innerSection(type.type, known, suffix);
  if (ts.isArrayTypeNode(type)) return innerSection(type.elementType, known, `${suffix}[]`);
  if (!ts.isTypeReferenceNode(type)) return undefined;
  const name = type.typeName.getText();
  const last = type.typeArguments?.at(-1);
  if (last && /^(Readonly)?Array$/.test(name)) return innerSection(last, known, `${suffix}[]`);
  if (last && name === 'Record') return innerSection(last, known, `${suffix}.<name>`);
  if (last && name === 'Readonly') return innerSection(last, known, suffix);
  const members = known.get(name);
  return members && { members, suffix };
}

/** Interfaces of the file, and those called `…Options` of the files it imports them from. */
function collect(file: string): Map<string, Members> {
  const found = new Map<string, Members>();
  const source = parse(file);
  for (const statement of source.statements) {
    if (ts.isInterfaceDeclaration(statement)) found.set(statement.name.text, statement);
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const from = join(dirname(file), statement.moduleSpecifier.text);
    if (!statement.moduleSpecifier.text.startsWith('.') || !existsSync(from)) continue;
    for (const other of parse(from).statements) {
      if (ts.isInterfaceDeclaration(other) && other.name.text.endsWith('Options')) found.set(other.name.text, other);
    }
  }
  return found;
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
}
