/** Which methods each path has, for 405 answers (13 §1). */
export class RouteMethods {
  readonly #routes: { readonly pattern: RegExp; readonly method: string }[] = [];

  add(method: string | readonly string[], url: string): void {
    const pattern = new RegExp(`^${url.replace(/[.+?^$()|[\]\\]/g, '\\$&').replace(/:\w+/g, '[^/]+')}/?$`);
    for (const name of [method].flat()) this.#routes.push({ pattern, method: String(name) });
  }

  /** Methods of a path, empty for an unknown one. */
  of(path: string): string[] {
    return [...new Set(this.#routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))];
  }
}
