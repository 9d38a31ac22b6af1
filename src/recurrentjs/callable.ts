/** Classes of RecurrentJS that its users call with `new` or without. */

/** A constructor that may be called too, with the same arguments and the same result. */
export interface Callable<A extends unknown[], T> {
  new (...args: A): T
  (...args: A): T
  readonly prototype: T
}

export function callable<A extends unknown[], T>(type: (new (...args: A) => T) & { readonly prototype: T }): Callable<A, T> {
  function create(...args: A): T {
    return Reflect.construct(type, args, new.target ?? type) as T
  }
  // So that `instanceof` holds for either.
  create.prototype = type.prototype
  return create as unknown as Callable<A, T>
}
