/**
 * What is read of a request body: events, and what could not be understood.
 *
 * @module
 */

/** What an event is about: a manifest, a blob, or what only the past can tell (a delete). */
export type TargetKind = "manifest" | "blob" | "unknown";

/** One entry of `target.references`: a child of an index, or the config or a layer of an image. */
export interface Reference {
  readonly digest: string;
  readonly mediaType?: string;
  /** Bytes. */
  readonly size?: number;
  /** `os/architecture[/variant]`; Distribution 2.8 does not send it. */
  readonly platform?: string;
  /** BuildKit's provenance or SBOM beside a platform image. */
  readonly attestation?: true;
  readonly artifactType?: string;
}

/** One event of an envelope, normalised: `""`, `null` and absent are all absent. */
export interface RegistryEvent {
  /** As sent, or a SHA-256 where it is missing, above 128 characters, or not printable. */
  readonly id: string;
  /** Microseconds since 1970 by the registry's clock, or the arrival where that clock is absurd. */
  readonly at: number;
  /** Whether {@linkcode at} is the arrival because the sender's time could not be used. */
  readonly clockSkewed: boolean;
  readonly action: string;
  readonly kind: TargetKind;
  readonly repository: string;
  readonly digest?: string;
  readonly tag?: string;
  readonly mediaType?: string;
  /** Bytes. */
  readonly size?: number;
  /** Absent: the registry does not tell (`includereferences` is off). At most 10,000. */
  readonly references?: readonly Reference[];
  /** Whether {@linkcode references} were cut at 10,000. */
  readonly referencesCut?: true;
  readonly method?: string;
  /** One request of a client; several events may share it. */
  readonly requestId?: string;
  /** The client's IP address without a port. */
  readonly address?: string;
  readonly userAgent?: string;
  readonly actor?: string;
  /** The registry process: changes at each of its starts. */
  readonly instance?: string;
}

/** An entry that cannot be understood. */
export interface RejectedEvent {
  /** Its own id where it has one, else a SHA-256: a second sending is recognised by it. */
  readonly id: string;
  /** What is wrong with it, for a person. */
  readonly reason: string;
}

/** A request body, read. The order is that of the body. */
export type EnvelopeEntry = { readonly event: RegistryEvent } | {
  readonly rejected: RejectedEvent;
};
