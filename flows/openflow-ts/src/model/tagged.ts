/** The members of the union `U` whose tag `type` is `T` or can be. */
export type Tagged<U, T> = U extends { readonly type: infer V } ? (T extends V ? U : never) : never;
