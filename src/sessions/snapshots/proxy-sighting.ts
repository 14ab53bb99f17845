/** One SessionId that a virtual proxy lists, as the session that is bound to it knows it; see `sightings.ts`. */
export interface ProxySighting {
  readonly id: string;
  readonly mark: number;
  readonly lastAt: number;
}
