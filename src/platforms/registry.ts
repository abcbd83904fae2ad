import { CallerError, invalidField } from '../errors.ts';
import type { JsonObject } from './connection.ts';
import type { Platform, PlatformCapabilities } from './platform.ts';

/** The platforms of this server, by their names on the wire. */
export class PlatformRegistry {
  readonly #platforms: ReadonlyMap<string, Platform>;
  readonly #announced: Readonly<Record<string, string>>;

  /**
   * `announced` holds the names and types of platforms that callers may know, but that cannot be used here
   * yet.
   */
  constructor(platforms: Platform[], announced: Readonly<Record<string, string>> = {}) {
    this.#platforms = new Map(platforms.map((platform) => [platform.name, platform]));
    this.#announced = announced;
  }

  /** The platforms that can be used here. */
  list(): Platform[] {
    return [...this.#platforms.values()];
  }

  /** The names of all platforms on the wire, including the announced ones. */
  names(): string[] {
    return [...this.#platforms.keys(), ...Object.keys(this.#announced)];
  }

  /**
   * The platform with this name. Throws a 400 for an unknown name, and a 501 for a platform that cannot be
   * used here yet.
   */
  choose(name: string, operation: string): Platform {
    const platform = this.#platforms.get(name);
    if (platform) return platform;
    if (Object.hasOwn(this.#announced, name)) throw notSupported(name, operation);
    throw invalidField('platform', `must be one of ${this.names().join(', ')}.`, 'unknown_platform');
  }

  /** The facts about a platform that are needed to read a stored integration. */
  facts(name: string): { type: string; usesSiteKey: boolean } {
    const { type, capabilities } = this.get(name);
    return { type, usesSiteKey: capabilities.usesSiteKey };
  }

  /** What an integration with this `config_json` can do. */
  capabilitiesOf(name: string, config: JsonObject): PlatformCapabilities {
    const platform = this.get(name);
    return platform.capabilitiesOf?.(config) ?? platform.capabilities;
  }

  /** The platform of a stored integration. Its name was checked when the integration was stored. */
  get(name: string): Platform {
    const platform = this.#platforms.get(name);
    if (!platform) throw notSupported(name, 'anything');
    return platform;
  }
}

/** The 501 for an operation that the platform does not support. */
export function notSupported(platform: string, operation: string): CallerError {
  return new CallerError(
    'not_supported',
    `The platform ${platform} does not support ${operation} on this server.`,
  );
}
