import type { CommandClass } from '../frame/command.ts';
import { describeCommand } from '../frame/metadata.ts';
import type { CommandDetails, ParameterEntry } from '../command-catalogue.ts';

interface FlagLike {
  readonly type?: 'boolean' | 'option';
  readonly char?: string;
  readonly description?: string;
  readonly helpValue?: string | string[];
  readonly options?: readonly string[];
  readonly required?: boolean;
  readonly multiple?: boolean;
  readonly default?: unknown;
  readonly hidden?: boolean;
}

/** The printable description of a command class. */
export function describeClass(id: string, type: CommandClass): CommandDetails {
  return {
    id,
    summary: type.summary,
    ...(type.description === undefined ? {} : { description: type.description }),
    arguments: Object.entries(type.args ?? {}).map(([name, argument]) =>
      describeParameter(name, argument as FlagLike),
    ),
    options: Object.entries(type.flags ?? {})
      .filter(([, flag]) => !flag.hidden)
      .map(([name, flag]) => describeParameter(name, flag as FlagLike)),
    examples: (type.examples ?? []).map(String),
    metadata: describeCommand(id, type.summary, type.spec),
  };
}

function describeParameter(name: string, shape: FlagLike): ParameterEntry {
  const value = Array.isArray(shape.helpValue) ? shape.helpValue.join(' ') : shape.helpValue;
  const scalar = ['string', 'number', 'boolean'].includes(typeof shape.default) && shape.default !== false;
  return {
    name,
    summary: shape.description ?? '',
    ...(shape.char === undefined ? {} : { char: shape.char }),
    ...(shape.type === 'option' ? { value: value ?? placeholderOf(name, shape) } : {}),
    ...(shape.options === undefined ? {} : { options: shape.options }),
    ...(shape.required ? { required: true } : {}),
    ...(shape.multiple ? { multiple: true } : {}),
    ...(scalar ? { default: String(shape.default) } : {}),
  };
}

function placeholderOf(name: string, shape: FlagLike): string {
  if (shape.options) return shape.options.join('|');
  const last = name.split('-').at(-1)!;
  return shape.multiple ? `${last},..` : last;
}
