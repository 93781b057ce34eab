/**
 * What a package exports, by name, so that an example in a doc comment need not import the package that it is part of.
 * Reads the syntax of the entry files, which list every name (`export *` is refused by `tools/check-size.ts`).
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface PublicName {
  /** As in `import … from '@sluice/core/node'`. */
  readonly specifier: string;
  readonly typeOnly: boolean;
}

type Names = Map<string, PublicName>;

/** The first entry that exports a name is where an example finds it, and `.` comes first. */
export function publicNames(packageFolder: string): Names {
  const names: Names = new Map();
  const manifest = join(packageFolder, 'package.json');
  if (!existsSync(manifest)) return names;
  const { name, exports = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    name: string;
    exports?: Record<string, { '@sluice/source'?: string } | string>;
  };
  for (const [path, target] of Object.entries(exports)) {
    const source = typeof target === 'string' ? undefined : target['@sluice/source'];
    if (!source || !existsSync(join(packageFolder, source))) continue;
    const specifier = path === '.' ? name : `${name}${path.slice(1)}`;
    for (const [exported, typeOnly] of exportedNames(join(packageFolder, source))) {
      if (!names.has(exported)) names.set(exported, { specifier, typeOnly });
    }
  }
  return names;
}

/** What a module exports, for examples of things that no entry exports: they are imported from where they are written. */
export function moduleNames(file: string, specifier: string): Names {
  return new Map(exportedNames(file).map(([name, typeOnly]) => [name, { specifier, typeOnly }]));
}

function exportedNames(file: string): [name: string, typeOnly: boolean][] {
  const source = parse(file, readFileSync(file, 'utf8'));
  return source.statements.flatMap((statement): [string, boolean][] => {
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      return statement.exportClause.elements.map((part) => [part.name.text, statement.isTypeOnly || part.isTypeOnly]);
    }
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    if (!modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement))
      return [[statement.name.text, true]];
    if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
      return statement.name ? [[statement.name.text, false]] : [];
    }
    if (!ts.isVariableStatement(statement)) return [];
    return statement.declarationList.declarations.map((part) => [part.name.getText(source), false]);
  });
}

/** Import lines for the public names that `code` uses and does not declare itself. */
export function missingImports(code: string, names: ReadonlyMap<string, PublicName>): string[] {
  const source = parse('example.ts', code);
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isDeclared = 'name' in parent && parent.name === node && !ts.isPropertyAccessExpression(parent);
      (isDeclared ? declared : used).add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...names].flatMap(([name, { specifier, typeOnly }]) =>
    used.has(name) && !declared.has(name) ? [`import ${typeOnly ? 'type ' : ''}{ ${name} } from '${specifier}';`] : [],
  );
}

function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
}
