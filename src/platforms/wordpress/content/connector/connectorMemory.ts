import { readUuid } from '../uuid.ts';

/** What a connector remembers about this server. */
export class ConnectorMemory {
  /** Does the connector know contents by key? Before 0.4.0 it knows them by number only. */
  readonly knowsKeys: boolean;
  #lastOperation: string | null = null;

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
}
