import { type TProperties, type TSchema, Type } from 'typebox';

/* What the schemas of the outputs are made of. Fields may be added to every object. */

export const text = Type.String();
export const integer = Type.Integer();
export const number = Type.Number();
export const flag = Type.Boolean();
export const unknown = Type.Unknown();
export const record = Type.Record(Type.String(), Type.Unknown());
export const list = <T extends TSchema>(items: T) => Type.Array(items);
export const fields = <T extends TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: true });
export const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const maybe = <T extends TSchema>(schema: T) => Type.Optional(schema);
export const either = (...schemas: TSchema[]) => Type.Union(schemas);
export const oneOf = (...values: string[]) => Type.Union(values.map((value) => Type.Literal(value)));
export const extensionKind = oneOf('provider', 'taskserv', 'cluster');
export const healthItem = fields({
  name: text,
  healthy: flag,
  status: text,
  reason: maybe(text),
  version: maybe(text),
});
