export { RECORD_BINDING } from './kit/binding.ts';
export { type KitBrowserOptions, kitBrowser } from './kit-browser.ts';
export { kitNode } from './kit-node.ts';
export type { PageSubject } from './page-host.ts';
export {
  type Capability,
  type ClientSettings,
  DEFAULT_CLIENT,
  type Subject,
  type SubjectSession,
  type SubjectStart,
} from './types.ts';
