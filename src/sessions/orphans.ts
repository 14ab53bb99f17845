/** An orphan Stop that a late Start may still pair with. */
export interface OrphanStop {
  readonly at: number;
  readonly receivedAt: number;
  readonly timed: boolean;
  readonly sessionKey: string | null;
  readonly virtualProxy: string | null;
  readonly seq: number;
}

/** An orphan Close that a late Open may still pair with. */
export type OrphanClose = OrphanStop & { readonly appId: string | null };
