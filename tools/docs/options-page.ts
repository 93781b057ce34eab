/** `docs/options.md`: every option of a gateway, with its default, from the documentation in `options.ts`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { literal } from './defaults.ts';
import { type OptionRow, readSections, type Section } from './option-sections.ts';

const optionsFile = 'packages/core/src/options.ts';

/** @throws Error when `options.ts` is missing or has no `GatewayOptions` */
export function gatewaySections(root: string): Section[] {
  const file = join(root, optionsFile);
  if (!existsSync(file)) throw new Error(`${optionsFile} is missing`);
  return readSections(file, 'GatewayOptions');
}

/** What the configuration file has beside a gateway's options; nothing when there is no such interface. */
export function fileSections(root: string): Section[] {
  const file = join(root, optionsFile);
  if (!existsSync(file)) throw new Error(`${optionsFile} is missing`);
  if (!/^export interface Configuration\b/m.test(readFileSync(file, 'utf8'))) return [];
  return readSections(file, 'Configuration');
}

export function optionsPage(gateway: readonly Section[], file: readonly Section[]): string {
  const [fileRoot, ...fileRest] = file;
  const head = `# Options

This page is generated from \`${optionsFile}\` by \`npm run docs\`; change the comments there.
`;
  const filePart = fileRoot ? [`## Configuration file\n\n${body(fileRoot, inFile)}`, ...fileRest.map(inFileText)] : [];
  return [head, ...gateway.map(gatewayText), ...filePart].join('\n');
}

/** Names like `server` stand in both parts, so headings of the second say where they are. */
const inFile = ' in the file';

function gatewayText(section: Section): string {
  return section.path === '' ? body(section, '') : `## \`${section.path}\`\n\n${body(section, '')}`;
}

function inFileText(section: Section): string {
  return `### \`${section.path}\`${inFile}\n\n${body(section, inFile)}`;
}

function body({ text, rows }: Section, suffix: string): string {
  const lines = rows.map((row) => rowText(row, suffix));
  const table = ['| option | type | default | what |', '| --- | --- | --- | --- |', ...lines];
  return `${text ? `${text}\n\n` : ''}${table.join('\n')}\n`;
}

function rowText(row: OptionRow, suffix: string): string {
  const link = row.section === undefined ? '' : ` See [\`${row.section}\`](#${anchor(`${row.section}${suffix}`)}).`;
  const cells = [`\`${row.name}\``, `\`${row.type}\``, defaultText(row), `${row.text}${link}`.trim()];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function defaultText({ name, default: value, required }: OptionRow): string {
  if (required) return 'required';
  if (value === undefined) return '';
  const exact = literal(value);
  if (exact === undefined) return value;
  const shown = value.startsWith("'") ? value : exact;
  return `\`${shown}\`${inPeoplesUnits(name, Number(exact))}`;
}

function inPeoplesUnits(name: string, value: number): string {
  if (name.endsWith('Bytes') && value >= 1024 && value % 1024 === 0) {
    return value % 2 ** 20 === 0 ? ` (${value / 2 ** 20} MiB)` : ` (${value / 1024} KiB)`;
  }
  if (!name.endsWith('Ms') || value < 1000) return '';
  if (value % 60_000 === 0 && value > 60_000) return ` (${value / 60_000} min)`;
  return ` (${value / 1000} s)`;
}

/** As GitHub makes it of a heading. */
function anchor(path: string): string {
  return path
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}
