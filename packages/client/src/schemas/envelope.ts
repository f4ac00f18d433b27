import { type Static, type TSchema, Type } from 'typebox';

export const Metadata = Type.Object(
  { timestamp: Type.String(), request_id: Type.String(), version: Type.String() },
  { $id: 'Metadata', additionalProperties: true },
);

export const ApiError = Type.Object(
  {
    code: Type.String(),
    message: Type.String(),
    details: Type.Optional(Type.Unknown()),
    hint: Type.Optional(Type.String()),
  },
  { $id: 'ApiError', additionalProperties: true },
);
export type ApiError = Static<typeof ApiError>;

/** Every failed answer (13 §1). */
export const ErrorEnvelope = Type.Object(
  { success: Type.Literal(false), error: ApiError, metadata: Metadata },
  { $id: 'ErrorEnvelope' },
);
export type ErrorEnvelope = Static<typeof ErrorEnvelope>;

/** Every successful answer with a body (13 §1). */
export const Success = <Data extends TSchema>(data: Data) =>
  Type.Object({ success: Type.Literal(true), data, metadata: Metadata });
