/**
 * A URL as the page, the worker or the process understands it.
 * @throws TypeError when it cannot be parsed, or is relative where there is nothing that it could be relative to.
 */
export function absoluteUrl(url: string | URL): URL {
  return new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href);
}
