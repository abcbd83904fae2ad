import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { AgentOptions as HttpsAgentOptions } from 'node:https';
import { BlockList, isIP, type LookupFunction, type TcpNetConnectOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';
import { SetupError } from '../errors.ts';
import { type ConnectionTrace, traceSocket } from './connectionTrace.ts';

/**
 * Which addresses may be connected to: public unicast, and the ranges that the operator allows.
 *
 * request-filtering-agent checks every address where the socket connects, so a name that resolves to something
 * else the second time gains nothing. It takes CIDRs too, but prints a warning with a stack trace for each
 * address of the other family (its matcher throws on IPv6 against an IPv4 range). So the ranges are kept here,
 * and the agent is told the exact addresses in them right before it checks: both happen in the same tick.
 */
export class AddressPolicy {
  /** The exact addresses that the agents let through at this moment; shared with them by reference. */
  readonly admitted: string[] = [];
  private readonly allowed = new BlockList();

  /** @param allow CIDRs or single addresses exempt from the block. Throws SetupError naming one that is neither. */
  constructor(allow: readonly string[]) {
    for (const entry of allow) this.allowRange(entry);
  }

  /** Makes the agents' next check let these addresses through as far as the operator allows them. */
  admit(addresses: readonly string[]): void {
    this.admitted.splice(0, Infinity, ...addresses.filter((address) => this.isAllowed(address)));
  }

  /** A resolver that tells the agents which of its answers the operator allows. */
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
      throw new SetupError(`OUTBOUND_ALLOW: "${entry}" is no address range. Write CIDRs such as 10.0.0.0/8.`);
    }
    this.allowed.addSubnet(network, bits, family === 6 ? 'ipv6' : 'ipv4');
  }
}

function addressOf(entry: LookupAddress): string {
  return entry.address;
}

type ConnectListener = (error: Error | null, socket: Duplex) => void;

/** Keep-alive settings of both agents. Idle sockets are closed after 30 s, as many sites close them sooner. */
const POOL = {
  keepAlive: true,
  maxSockets: 32,
  maxFreeSockets: 64,
  timeout: 30_000,
  // Node gives each address of a name 250 ms before it tries the next: too short for a far site.
  autoSelectFamilyAttemptTimeout: 1_000,
} as const;

/** http sockets under the policy, each with its trace. */
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
    // A literal address is checked before any lookup.
    this.policy.admit(literal(options.host));
    return traceSocket(super.createConnection(options, listener), this.traces);
  }
}

/** https sockets under the policy, each with its trace. */
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
