import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { AgentOptions as HttpsAgentOptions } from 'node:https';
import { BlockList, isIP, type LookupFunction, type TcpNetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';
import { SetupError } from '../errors.ts';
import { type ConnectionTrace, traceSocket } from './connectionTrace.ts';

/**
 * Decides which addresses a request may connect to: public unicast addresses, and ranges that the operator
 * allows.
 *
 * request-filtering-agent checks every address when the socket connects. So a name that resolves to another
 * address the second time gains nothing. The agent also takes CIDRs, but its matcher throws when it compares
 * IPv6 with an IPv4 range, and the agent then prints a warning with a stack trace. So the ranges are kept
 * here. Right before the agent checks, in the same tick, it gets the exact addresses that are in the ranges.
 */
export class AddressPolicy {
  /** The exact addresses that the agents allow at this moment. The agents hold a reference to this array. */
  readonly admitted: string[] = [];
  private readonly allowed = new BlockList();

  /**
   * @param allow CIDRs or single addresses exempt from the block
   * @throws SetupError that names an invalid entry
   */
  constructor(allow: readonly string[]) {
    for (const entry of allow) this.allowRange(entry);
  }

  /** Lets the agents' next check accept these addresses, but only addresses that the operator allows. */
  admit(addresses: readonly string[]): void {
    this.admitted.splice(0, Infinity, ...addresses.filter((address) => this.isAllowed(address)));
  }

  /** Wraps a resolver: the agents learn which of its answers the operator allows. */
  watch(lookup: LookupFunction): LookupFunction {
    return (hostname, options, callback) => {
      lookup(hostname, options, (error, found, family) => {
        if (!error) this.admit(typeof found === 'string' ? [found] : found.map(addressOf));
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
    super({ ...POOL, lookup: policy.watch(lookup), allowIPAddressList: policy.admitted });
    this.policy = policy;
    this.traces = traces;
  }

  override createConnection(options: TcpNetConnectOpts, listener?: ConnectListener): Duplex {
    // The agent checks a literal address before any lookup, so the address must be admitted here.
    this.policy.admit(literal(options.host));
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
    super({ ...POOL, ...tls, lookup: policy.watch(lookup), allowIPAddressList: policy.admitted });
    this.policy = policy;
    this.traces = traces;
  }

  override createConnection(options: TcpNetConnectOpts, listener?: ConnectListener): Duplex {
    this.policy.admit(literal(options.host));
    return traceSocket(super.createConnection(options, listener), this.traces);
  }
}

function literal(host: string | undefined): string[] {
  return host !== undefined && isIP(host) !== 0 ? [host] : [];
}
