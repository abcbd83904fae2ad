import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { AgentOptions as HttpsAgentOptions } from 'node:https';
import { BlockList, isIP, type LookupFunction, type TcpNetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';
import { SetupError } from '../errors.ts';
import { type ConnectionTrace, traceSocket } from './connectionTrace.ts';

/** The addresses of IPv6 that IANA gives out: https://www.iana.org/assignments/ipv6-address-space */
const GLOBAL_UNICAST = new BlockList();
GLOBAL_UNICAST.addSubnet('2000::', 3, 'ipv6');

/**
 * Decides which addresses a request may connect to: public unicast addresses, and ranges that the operator
 * allows.
 *
 * request-filtering-agent checks every address when the socket connects. So a name that resolves to another
 * address the second time gains nothing. The agent also takes CIDRs, but its matcher throws when it compares
 * IPv6 with an IPv4 range, and the agent then prints a warning with a stack trace. So the ranges are kept
 * here. Right before the agent checks, in the same tick, it gets the exact addresses that are in the ranges.
 *
 * The agent knows the special ranges of IPv6 and takes every other address for a public one, also `::127.0.0.1`.
 * So it gets the exact addresses outside of the public range too.
 */
export class AddressPolicy {
  /** The exact addresses that the agents allow at this moment. The agents hold a reference to this array. */
  readonly admitted: string[] = [];
  /** The exact addresses that the agents refuse at this moment, unless they are admitted. */
  readonly refused: string[] = [];
  private readonly allowed = new BlockList();

  /**
   * @param allow CIDRs or single addresses exempt from the block
   * @throws SetupError that names an invalid entry
   */
  constructor(allow: readonly string[]) {
    for (const entry of allow) this.allowRange(entry);
  }

  /** Tells the agents' next check which of these addresses the operator allows, and which are not public. */
  judge(addresses: readonly string[]): void {
    this.admitted.splice(0, Infinity, ...addresses.filter((address) => this.isAllowed(address)));
    this.refused.splice(0, Infinity, ...addresses.filter(isUnassigned));
  }

  /** Wraps a resolver: its answers are judged. */
  watch(lookup: LookupFunction): LookupFunction {
    return (hostname, options, callback) => {
      lookup(hostname, options, (error, found, family) => {
        if (!error) this.judge(typeof found === 'string' ? [found] : found.map(addressOf));
        callback(error, found, family);
      });
    };
  }

  private isAllowed(address: string): boolean {
    return this.allowed.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }

  private allowRange(entry: string): void {
    const [network = '', prefix, ...rest] = entry.trim().split('/');
    const family = isIP(network);
    const bits = prefix === undefined ? (family === 6 ? 128 : 32) : Number(prefix);
    const largest = family === 6 ? 128 : 32;
    if (
      family === 0 ||
      rest.length > 0 ||
      prefix === '' ||
      !Number.isInteger(bits) ||
      bits < 0 ||
      bits > largest
    ) {
      throw new SetupError(
        `OUTBOUND_ALLOW: "${entry}" is not an address range. Write CIDRs such as 10.0.0.0/8.`,
      );
    }
    this.allowed.addSubnet(network, bits, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/** Is this an IPv6 address outside of the public range? It may hold an IPv4 address, such as `::127.0.0.1`. */
function isUnassigned(address: string): boolean {
  return isIP(address) === 6 && !GLOBAL_UNICAST.check(address, 'ipv6');
}

function addressOf(entry: LookupAddress): string {
  return entry.address;
}

type ConnectListener = (error: Error | null, socket: Duplex) => void;

/**
 * Keep-alive settings of both agents. Idle sockets are closed after 30 s; many sites close them even sooner.
 */
const POOL = {
  keepAlive: true,
  maxSockets: 32,
  maxFreeSockets: 64,
  timeout: 30_000,
  // By default Node tries the next address of a name after 250 ms, which is too short for a distant site.
  autoSelectFamilyAttemptTimeout: 1_000,
} as const;

/** Opens http sockets that the policy allows, and keeps a trace of each. */
export class PolicedHttpAgent extends RequestFilteringHttpAgent {
  private readonly policy: AddressPolicy;
  private readonly traces: WeakMap<Duplex, ConnectionTrace>;

  constructor(
    policy: AddressPolicy,
    traces: WeakMap<Duplex, ConnectionTrace>,
    lookup: LookupFunction = systemLookup,
  ) {
    super({
      ...POOL,
      lookup: policy.watch(lookup),
      allowIPAddressList: policy.admitted,
      denyIPAddressList: policy.refused,
    });
    this.policy = policy;
    this.traces = traces;
  }

  override createConnection(options: TcpNetConnectOpts, listener?: ConnectListener): Duplex {
    // The agent checks a literal address before any lookup, so the address must be judged here.
    this.policy.judge(literal(options.host));
    return traceSocket(super.createConnection(options, listener), this.traces);
  }
}

/** Opens https sockets that the policy allows, and keeps a trace of each. */
export class PolicedHttpsAgent extends RequestFilteringHttpsAgent {
  private readonly policy: AddressPolicy;
  private readonly traces: WeakMap<Duplex, ConnectionTrace>;

  constructor(
    policy: AddressPolicy,
    traces: WeakMap<Duplex, ConnectionTrace>,
    lookup: LookupFunction = systemLookup,
    tls: Pick<HttpsAgentOptions, 'ca'> = {},
  ) {
    super({
      ...POOL,
      ...tls,
      lookup: policy.watch(lookup),
      allowIPAddressList: policy.admitted,
      denyIPAddressList: policy.refused,
    });
    this.policy = policy;
    this.traces = traces;
  }

  override createConnection(options: TcpNetConnectOpts, listener?: ConnectListener): Duplex {
    this.policy.judge(literal(options.host));
    return traceSocket(super.createConnection(options, listener), this.traces);
  }
}

function literal(host: string | undefined): string[] {
  return host !== undefined && isIP(host) !== 0 ? [host] : [];
}
