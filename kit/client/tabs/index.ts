export {
  connectShared,
  type SharedConnectOptions,
  type SharedHandle,
  type ShareOptions,
} from './connect-shared.ts';
export { SharedStreamError } from './member.ts';
export type { FailureNote, Item, LeaderMessage, Message, TabMessage } from './messages.ts';
export type { TabRole } from './peer.ts';
export { browserTabPorts, type ChannelPort, type LockPort, type TabPorts } from './ports.ts';
