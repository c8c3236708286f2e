/**
 * The part of OpenAPI 3.1 that DREC's description is written in. Names are those of the standard.
 *
 * @module
 */

/** Types of JSON Schema. */
export type SchemaType = "string" | "integer" | "number" | "boolean" | "object" | "array" | "null";

/** A schema of JSON Schema 2020-12. */
export interface Schema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: SchemaType | readonly SchemaType[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

/** A parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly in: "query" | "path" | "header";
  readonly description: string;
  readonly required?: boolean;
  /** Whether an empty one is as good as none. */
  readonly allowEmptyValue?: boolean;
  /** How a value of several parts is written; `simple` and no `explode`: with commas. */
  readonly style?: "simple";
  readonly explode?: boolean;
  readonly schema: Schema;
  readonly example?: unknown;
}

/** A reference to a component. */
export interface Reference {
  readonly $ref: string;
}

/** A header of an answer. */
export interface Header {
  readonly description: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

/** A body of one media type. */
export interface MediaType {
  readonly schema: Schema;
  readonly example?: unknown;
}

/** An answer. */
export interface ResponseObject {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Header | Reference>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

/** Answers by status. */
export type Responses = Readonly<Record<string, ResponseObject | Reference>>;

/** What a request has in its body. */
export interface RequestBody {
  readonly description: string;
  readonly required: boolean;
  readonly content: Readonly<Record<string, MediaType>>;
}

/** Schemes of which one is enough, each with the roles that it needs. */
export type Security = readonly Readonly<Record<string, readonly string[]>>[];

/** A method of a path. */
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly (Parameter | Reference)[];
  readonly requestBody?: RequestBody;
  readonly responses: Responses;
  readonly security: Security;
}

/** Methods that are described. `HEAD` is answered like `GET` everywhere. */
export const METHODS = ["get", "put", "post", "delete"] as const;

/** One of {@linkcode METHODS}. */
export type Method = typeof METHODS[number];

/** All methods of a path. */
export type PathItem = Readonly<Partial<Record<Method, Operation>>>;

/** An operation and where it is. */
export interface PlacedOperation {
  readonly method: Method;
  readonly path: string;
  readonly operation: Operation;
}

/** Paths with their methods. */
export type Paths = Readonly<Record<string, PathItem>>;

/** A way to say who asks. */
export interface SecurityScheme {
  readonly type: "http" | "apiKey";
  readonly description: string;
  readonly scheme?: string;
  readonly in?: "query";
  readonly name?: string;
}

/** What operations refer to. */
export interface Components {
  readonly schemas: Readonly<Record<string, Schema>>;
  readonly responses: Readonly<Record<string, ResponseObject>>;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly headers: Readonly<Record<string, Header>>;
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>;
}

/** A chapter. */
export interface Tag {
  readonly name: string;
  readonly description: string;
}

/** The whole description. */
export interface OpenApi {
  readonly openapi: string;
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly summary: string;
    readonly description: string;
    readonly license: { readonly name: string; readonly identifier: string };
  };
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly tags: readonly Tag[];
  readonly paths: Paths;
  readonly components: Components;
}
