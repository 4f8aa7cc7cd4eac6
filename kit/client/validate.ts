import { SseKitError } from '../protocol/errors.ts';
import { type Handle, isThenable } from './delivery.ts';
import type { StreamEvent, WireEvent } from './event.ts';

/** The part of Standard Schema V1 that is needed: zod, valibot, arktype and others fit. @see https://standardschema.dev */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: ReadonlyArray<{ readonly message: string }> };

/** Puts schemas, by event type, before a handler: it sees only payloads that passed, as the schema made them. */
export function validating(
  schemas: Readonly<Record<string, StandardSchema | undefined>>,
  handle: Handle,
  refused: (event: StreamEvent, error: unknown) => void,
): Handle {
  const passed = new WeakSet<StreamEvent>();
  const decide = (event: StreamEvent, result: SchemaResult<unknown>): unknown => {
    const { issues } = result;
    if (issues) {
      const message = issues.map((issue) => issue.message).join('; ');
      return refused(
        event,
        new SseKitError('ERR_VALIDATION', `${event.type}: ${message}`, { cause: issues }),
      );
    }
    (event as WireEvent).replaceData(result.value);
    passed.add(event);
    return handle(event);
  };
  return (event) => {
    const schema = Object.hasOwn(schemas, event.type) && schemas[event.type];
    if (!schema || passed.has(event)) return handle(event);
    let data: unknown;
    try {
      data = event.data;
    } catch (error) {
      return refused(event, error);
    }
    const result = schema['~standard'].validate(data);
    return isThenable(result) ? result.then((value) => decide(event, value)) : decide(event, result);
  };
}
