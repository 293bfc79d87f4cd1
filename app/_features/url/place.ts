/** A path of the page with the investigation behind it; `search` is a query without its question mark. */
export function placeOf(path: string, search: string): string {
  return search === '' ? path : `${path}?${search}`;
}
