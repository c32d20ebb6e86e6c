/**
 * What is mostly there at once and sometimes has to be waited for: the answer of a server whose store is in memory. Code that takes both pays
 * for promises only where there are some; a caller who does not mind just awaits it.
 */
export type Soon<T> = T | Promise<T>;

/** `next` of the value. */
export function andThen<T, U>(value: Soon<T>, next: (value: T) => Soon<U>): Soon<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** What `act` gives; `handle` of what it throws or rejects with, which may throw in turn. */
export function rescued<T>(act: () => Soon<T>, handle: (error: unknown) => Soon<T>): Soon<T> {
  let value: Soon<T>;
  try {
    value = act();
  } catch (error) {
    return handle(error);
  }
  return value instanceof Promise ? value.catch(handle) : value;
}
