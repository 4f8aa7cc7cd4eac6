import type { Clock } from '../ports.ts';
import type { Transport } from '../transport.ts';
import { createElection } from './election.ts';
import { createLeader, type Leader, type LeaderDeps } from './leader.ts';
import { createMember, type MemberDeps } from './member.ts';
import { isForLeader, type Message, TAB_PROTOCOL } from './messages.ts';
import type { ChannelPort, TabPorts } from './ports.ts';

/** The part that a tab plays: `alone` while it takes no part, or where locks do not work. */
export type TabRole = 'leader' | 'follower' | 'alone';

/** What a peer works with. */
export interface PeerDeps
  extends Pick<LeaderDeps, 'openUpstream' | 'gatherMs' | 'ring'>,
    Pick<MemberDeps, 'pingMs' | 'leaderTimeoutMs' | 'bufferBytes'> {
  readonly tabs: TabPorts;
  readonly clock: Clock;
  readonly self: string;
  /** Names what is shared. */
  readonly key: string;
  readonly onRole: (role: TabRole) => void;
  readonly onError: (error: unknown) => void;
}

/** One tab among those that share a connection: a member always, the leader when it holds the lock. */
export interface Peer {
  /** Takes part, from the first request on. */
  readonly transport: Transport;
  readonly role: () => TabRole;
  /** Gives the lead, the channel and the response back; the next request takes part again. */
  leave(): void;
}

/** Joins channel, election, member and leader. */
export function createPeer(deps: PeerDeps): Peer {
  const { tabs, self, clock } = deps;
  const name = `sse-kit/${TAB_PROTOCOL}/${deps.key}`;
  let channel: ChannelPort | null = null;
  let leader: Leader | null = null;
  let role: TabRole = 'alone';
  let stopAway: (() => void) | null = null;

  const setRole = (next: TabRole): void => {
    if (next === role) return;
    role = next;
    deps.onRole(next);
  };
  const receive = (message: Message): void => {
    if (isForLeader(message)) leader?.receive(message);
    // Who leads follows itself: what a leader before it said may come late, and nobody would answer in its name.
    else if (!leader || message.from === self) member.receive(message);
  };
  /** To the other tabs, and to this one as well: its client is served like all others. */
  const post = (message: Message): void => {
    channel?.post(message);
    queueMicrotask(() => receive(message));
  };
  const lead = (): void => {
    const { openUpstream, gatherMs, ring } = deps;
    leader = createLeader({ self, clock, post, openUpstream, gatherMs, ring });
    post({ type: 'lead', from: self });
  };
  const depose = (): void => {
    if (!leader) return;
    leader.stop();
    leader = null;
    post({ type: 'bye', from: self });
  };
  const election = createElection(tabs.locks, name, {
    elected() {
      setRole('leader');
      lead();
    },
    deposed() {
      setRole('follower');
      depose();
    },
    failed(error) {
      deps.onError(error);
      channel?.close();
      channel = null;
      setRole('alone');
      lead();
    },
  });
  const member = createMember({
    self,
    clock,
    post,
    leaderLost: election.steal,
    pingMs: deps.pingMs,
    leaderTimeoutMs: deps.leaderTimeoutMs,
    bufferBytes: deps.bufferBytes,
  });
  const join = (): void => {
    if (channel || leader) return;
    channel = tabs.channel(name, receive);
    stopAway = tabs.onAway(leave);
    setRole('follower');
    election.join();
  };
  const leave = (): void => {
    member.leave();
    depose();
    election.leave();
    stopAway?.();
    stopAway = null;
    channel?.close();
    channel = null;
    setRole('alone');
  };
  return {
    transport: (request) => {
      join();
      return member.transport(request);
    },
    role: () => role,
    leave,
  };
}
