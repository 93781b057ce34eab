/** Where a gateway is mounted, taken off what it is asked for. */

/** `gemini/` and `/gemini` mean the same; the root is an empty text. */
export function mountPrefix(mountPath: string): string {
  const path = mountPath.replace(/^\/+|\/+$/g, '');
  return path === '' ? '' : `/${path}`;
}

/** The target without the prefix; one that lies elsewhere is left as it is, because the host may have taken it off. */
export function withoutMount(target: string, prefix: string): string {
  if (prefix === '' || !target.startsWith(prefix)) return target;
  const rest = target.slice(prefix.length);
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return rest.startsWith('/') ? rest : target;
}
