import { readUuid } from '../uuid.ts';

/** What a connector remembers of this server. */
export class ConnectorMemory {
  /** Does it know contents by their keys? Before 0.4.0 it knows their numbers only. */
  readonly knowsKeys: boolean;
  #lastOperation: string | null = null;

  constructor(knowsKeys: boolean, lastOperation: unknown) {
    this.knowsKeys = knowsKeys;
    this.hear(lastOperation);
  }

  /** The last write from this server that the site knows of; null where it knows of none. */
  get lastOperation(): string | null {
    return this.#lastOperation;
  }

  /** Takes in the `last_operation` of an answer. */
  hear(operation: unknown): void {
    this.#lastOperation = readUuid(operation) ?? this.#lastOperation;
  }
}
