import { readUuid } from '../uuid.ts';

/** What a connector remembers about this server, and says about its site. */
export class ConnectorMemory {
  /** Does the connector know contents by key? Before 0.4.0 it knows them by number only. */
  readonly knowsKeys: boolean;
  #lastOperation: string | null = null;
  readonly #linkRules = new Map<string, string>();

  constructor(knowsKeys: boolean, lastOperation: unknown) {
    this.knowsKeys = knowsKeys;
    this.hear(lastOperation);
  }

  /** The last write from this server that the site knows of; null if it knows of none. */
  get lastOperation(): string | null {
    return this.#lastOperation;
  }

  /** Stores the `last_operation` of an answer. */
  hear(operation: unknown): void {
    this.#lastOperation = readUuid(operation) ?? this.#lastOperation;
  }

  /** Stores the `links` of an answer about a type: a hash of the rules by which the site makes links. */
  hearLinkRules(type: string, rules: unknown): void {
    if (typeof rules === 'string' && /^[0-9a-f]{16}$/.test(rules)) this.#linkRules.set(type, rules);
  }

  /** The rules of a type's links, by the last answer; null before 0.6.0. */
  linkRules(type: string): string | null {
    return this.#linkRules.get(type) ?? null;
  }
}
