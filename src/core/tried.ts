/** What a try of a part of the set-up came to. */
export type Tried =
  | { readonly kind: "works"; readonly how: string }
  /** The advice says what to do, unless the words of the failure do. */
  | { readonly kind: "fails"; readonly why: string; readonly advice: string | null };
