/** Reads the body that begins an interaction. */

import type { SimulatedProject } from '../contract.ts';
import type { Ask } from '../gemini/ask.ts';
import { type Fields, field, isFields, list, text } from '../gemini/body.ts';
import { ownFile } from '../gemini/file-calls.ts';
import { fileIdOf, requireFiles } from '../gemini/file-references.ts';
import { isActive } from '../gemini/files.ts';
import type { FunctionTool } from '../gemini/function-call.ts';
import { Refused } from '../gemini/refused.ts';
import { requireStores } from '../gemini/store-references.ts';
import { countTokens } from '../gemini/tokens.ts';
import { ownLeaf } from '../gemini/tree.ts';
import type { World } from '../gemini/world.ts';
import type { Interaction } from './interaction.ts';

/** What is asked, of whatever answers. @param previous - what it goes on from: its tokens are read again */
export function askOf(body: Fields, name: string, previous: Interaction | null): Ask {
  const texts = textsIn(body.input);
  const tools = list(body, 'tools');
  const choice = text(field(body, 'generation_config'), 'tool_choice') ?? text(body, 'tool_choice');
  const tokens = [...texts, text(body, 'system_instruction') ?? ''].reduce((sum, words) => sum + countTokens(words), 0);
  const schema = field(body, 'response_format');
  return {
    model: name,
    prompt: isResult(body.input) ? '' : (texts.at(-1) ?? ''),
    promptTokens:
      (previous?.ask.promptTokens ?? 0) + tokens + (tools.length === 0 ? 0 : countTokens(JSON.stringify(tools))),
    tools: tools.flatMap(functionIn),
    mode: choice === 'any' || choice === 'none' ? choice : 'auto',
    ...(isFields(schema) && !('type' in schema && schema.type === 'text') ? { schema: schema.schema ?? schema } : {}),
  };
}

/** Refuses what belongs to another project: files, stores, an environment. */
export function requireOwn(body: Fields, project: SimulatedProject, world: World): void {
  requireFiles(body, project, world);
  requireStores(body, project, world);
  for (const content of contentsIn(body.input)) {
    const id = fileIdOf(text(content, 'uri'), world.origin());
    if (id !== null && !isActive(ownFile(id, project, world), world))
      throw new Refused('file-not-active', { file: id });
  }
  const environment = text(body, 'environment') ?? '';
  // What is made for the occasion has a name without an id.
  if (environment !== '' && environment !== 'remote') ownLeaf(`environments/${lastPart(environment)}`, project, world);
}

function functionIn(tool: unknown): FunctionTool[] {
  if (text(tool, 'type') !== 'function') return [];
  return [{ name: text(tool, 'name') ?? '', parameters: field(tool, 'parameters') }];
}

/** Whether the last of an input is what a function gave. */
function isResult(input: unknown): boolean {
  return text(contentsIn(input).at(-1), 'type') === 'function_result';
}

/** Text of every content, in order; a result is its JSON. */
function textsIn(input: unknown): string[] {
  if (typeof input === 'string') return [input];
  return contentsIn(input).map((content) => text(content, 'text') ?? JSON.stringify(content));
}

/** An input is a content, a list of contents, or a list of steps with contents in them. */
function contentsIn(input: unknown): unknown[] {
  const items = Array.isArray(input) ? input : isFields(input) ? [input] : [];
  return items.flatMap((item) => {
    const inner = field(item, 'content');
    if (Array.isArray(inner)) return inner;
    return typeof inner === 'string' ? [{ type: 'text', text: inner }] : [item];
  });
}

function lastPart(name: string): string {
  return name.split('/').at(-1) ?? '';
}
