import { field, isFields, list, text } from './body.ts';

/** A function that the caller offers to the model. */
export interface FunctionTool {
  readonly name: string;
  /** JSON Schema or Google's dialect of it, with the type names in capitals. */
  readonly parameters: unknown;
}

/** A call of it, with arguments that fit its schema. */
export interface FunctionCall {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** `any` must call one, `auto` calls the one that the prompt mentions, `none` never calls. */
export type CallMode = 'any' | 'auto' | 'none';

/** The call that a prompt leads to, or null when it is answered in words. */
export function functionCallFor(prompt: string, tools: readonly FunctionTool[], mode: CallMode): FunctionCall | null {
  if (mode === 'none') return null;
  const mentioned = tools.find((tool) => tool.name !== '' && prompt.includes(tool.name));
  const tool = mentioned ?? (mode === 'any' ? tools[0] : undefined);
  return tool === undefined ? null : { name: tool.name, args: sampleObject(tool.parameters) };
}

/**
 * A value that fits a schema: required properties only, or all of them when none is required.
 *
 * @example sampleOf({ type: 'OBJECT', properties: { city: { type: 'STRING' } } }) // { city: 'city' }
 */
export function sampleOf(schema: unknown, name = 'value'): unknown {
  const [choice] = list(schema, 'enum');
  if (choice !== undefined) return choice;
  const [branch] = [...list(schema, 'anyOf'), ...list(schema, 'oneOf')];
  if (branch !== undefined) return sampleOf(branch, name);
  const type = field(schema, 'type');
  switch (String(Array.isArray(type) ? type[0] : type).toLowerCase()) {
    case 'object':
      return sampleObject(schema);
    case 'array':
      return [sampleOf(field(schema, 'items'), name)];
    case 'integer':
    case 'number':
      return field(schema, 'minimum') ?? 1;
    case 'boolean':
      return true;
    case 'string':
      return text(schema, 'format') === 'date-time' ? '2026-01-01T00:00:00Z' : name;
    default:
      return isFields(field(schema, 'properties')) ? sampleObject(schema) : name;
  }
}

function sampleObject(schema: unknown): Readonly<Record<string, unknown>> {
  const properties = field(schema, 'properties');
  if (!isFields(properties)) return {};
  const required = list(schema, 'required').filter((name) => typeof name === 'string');
  const names = required.length > 0 ? required : Object.keys(properties);
  return Object.fromEntries(names.map((name) => [name, sampleOf(properties[name], name)]));
}
