/** A browser's part in the admin pages of WordPress: cookies, forms, redirects. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { decode, type HtmlForm, plainText, readForms } from './html-form.ts';

/** A page, after redirects. */
export interface AdminPage {
  status: number;
  /** Its address, after redirects. */
  url: string;
  html: string;
}

/** The contents of the connector's settings page. */
export interface SettingsView {
  /** The form's fields with their values. */
  fields: Map<string, string>;
  /** The labels of the buttons. */
  buttons: string[];
  /** The connection state, in words. */
  state: string;
  /** The result of the last test, or null without a test. */
  answer: { success: boolean; code: string; text: string } | null;
  /** The error in the form, or null. */
  inputError: string | null;
  /** The outbox as shown; null when the page does not show it. */
  queue: QueueView | null;
  html: string;
}

/** The outbox on the settings page. */
export interface QueueView {
  waiting: number;
  failing: number;
  dead: number;
  /** The whole text of the table. */
  text: string;
  buttons: string[];
}

/** The inputs of the connector's settings page; `null` unchecks a box. */
export interface SettingsInput {
  server_url?: string;
  site_id?: string;
  api_key?: string;
  user_id?: string;
  plugin_connection_enabled?: '1' | null;
  two_way_sync_enabled?: '1' | null;
}

const QUEUE_FORM = 'sitebridge-queue-form';
const SETTINGS_PATH = '/wp-admin/options-general.php?page=sitebridge-connector';

/** Logs in through wp-login.php. Throws when the login is refused. */
export async function logIn(url: string, user: string, password: string): Promise<AdminSession> {
  const session = new AdminSession(url);
  const page = await session.get('/wp-login.php');
  const form = session.form(page, (candidate) => candidate.attributes.id === 'loginform');
  form.fields.set('log', user);
  form.fields.set('pwd', password);
  const answer = await session.submit(page, form);
  if (!answer.url.includes('/wp-admin/')) {
    throw new Error(`WordPress refused the login of ${user}: ${plainText(answer.html).slice(0, 300)}`);
  }
  return session;
}

/**
 * A user who is logged in to a WordPress. Paths are relative to the site, such as `/wp-admin/plugins.php`.
 */
export class AdminSession {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();

  constructor(url: string) {
    this.#url = url;
  }

  /** Reads a page. */
  async get(path: string): Promise<AdminPage> {
    return this.#request(this.#url + path, 'GET', null);
  }

  /** The first form of a page that `wanted` accepts. Throws when there is none. */
  form(page: AdminPage, wanted: (form: HtmlForm) => boolean): HtmlForm {
    const form = readForms(page.html).find(wanted);
    if (form === undefined) {
      throw new Error(
        `${page.url} (HTTP ${page.status}) has no such form: ${plainText(page.html).slice(0, 500)}`,
      );
    }
    return form;
  }

  /** Submits a form with its present values, by the button with this label, and with a file if given. */
  async submit(
    page: AdminPage,
    form: HtmlForm,
    options: { button?: string; file?: { field: string; path: string } } = {},
  ): Promise<AdminPage> {
    const fields = new Map(form.fields);
    if (options.button !== undefined) {
      const button = form.buttons.find((candidate) => candidate.text === options.button);
      if (button === undefined) {
        throw new Error(
          `There is no button ${options.button}, only ${form.buttons.map((each) => each.text).join(', ')}`,
        );
      }
      fields.set(button.name, button.value);
    }
    const target = new URL(form.attributes.action || page.url, page.url).href;
    if (options.file === undefined) {
      return this.#request(target, 'POST', new URLSearchParams([...fields]));
    }
    const body = new FormData();
    for (const [name, value] of fields) {
      body.set(name, value);
    }
    body.set(options.file.field, new Blob([readFileSync(options.file.path)]), basename(options.file.path));
    return this.#request(target, 'POST', body);
  }

  /** Follows the first link of a page whose address contains all these parts. */
  async follow(page: AdminPage, ...parts: string[]): Promise<AdminPage> {
    for (const [, link] of page.html.matchAll(/<a\b[^>]*?href=["']([^"']+)["']/g)) {
      const target = decode(link ?? '');
      if (parts.every((part) => decodeURIComponent(target).includes(part))) {
        return this.#request(new URL(target, page.url).href, 'GET', null);
      }
    }
    throw new Error(
      `${page.url} has no link with ${parts.join(' and ')}: ${plainText(page.html).slice(0, 500)}`,
    );
  }

  /** Uploads a plugin's zip on Plugins > Add New > Upload Plugin. */
  async uploadPlugin(zipPath: string): Promise<AdminPage> {
    const page = await this.get('/wp-admin/plugin-install.php?tab=upload');
    const form = this.form(page, (candidate) =>
      (candidate.attributes.action ?? '').includes('action=upload-plugin'),
    );
    const answer = await this.submit(page, form, { file: { field: 'pluginzip', path: zipPath } });
    if (!answer.html.includes('Plugin installed successfully.')) {
      throw new Error(`The plugin was not installed: ${plainText(answer.html).slice(0, 1000)}`);
    }
    return answer;
  }

  /** Activates a plugin by its link on the Plugins page. `plugin` is its main file, such as `a/a.php`. */
  async activatePlugin(plugin: string): Promise<AdminPage> {
    return this.follow(await this.get('/wp-admin/plugins.php'), 'action=activate', `plugin=${plugin}`);
  }

  /** Deactivates a plugin by its link on the Plugins page. */
  async deactivatePlugin(plugin: string): Promise<AdminPage> {
    return this.follow(await this.get('/wp-admin/plugins.php'), 'action=deactivate', `plugin=${plugin}`);
  }

  /** Deletes an inactive plugin, which runs its uninstall.php, as the Plugins page does without JavaScript. */
  async deletePlugin(plugin: string): Promise<AdminPage> {
    const page = await this.get('/wp-admin/plugins.php');
    const list = this.form(page, (candidate) => candidate.attributes.id === 'bulk-action-form');
    for (const name of [...list.fields.keys()]) {
      if (name.startsWith('checked[')) {
        list.fields.delete(name);
      }
    }
    list.fields.set('action', 'delete-selected');
    list.fields.set('checked[]', plugin);
    const question = await this.submit(page, list);
    const sure = this.form(question, (candidate) => candidate.fields.get('verify-delete') === '1');
    return this.submit(question, sure);
  }

  /** Reads the connector's settings page. */
  async settings(): Promise<SettingsView> {
    return this.#view(await this.get(SETTINGS_PATH));
  }

  /** Fills in the connector's settings page, presses a button, and reads the page that follows. */
  async pressSettings(button: string, input: SettingsInput = {}): Promise<SettingsView> {
    const page = await this.get(SETTINGS_PATH);
    const form = this.form(page, (candidate) => candidate.attributes.id === 'sitebridge-settings');
    for (const [name, value] of Object.entries(input)) {
      if (value === null) {
        form.fields.delete(name);
      } else {
        form.fields.set(name, value);
      }
    }
    return this.#view(await this.submit(page, form, { button }));
  }

  /** Presses a button under the queue on the connector's settings page, and reads the page that follows. */
  async pressQueue(button: string): Promise<SettingsView> {
    const page = await this.get(SETTINGS_PATH);
    const form = this.form(page, (candidate) => candidate.attributes.id === QUEUE_FORM);
    return this.#view(await this.submit(page, form, { button }));
  }

  #view(page: AdminPage): SettingsView {
    const form = this.form(page, (candidate) => candidate.attributes.id === 'sitebridge-settings');
    const answer =
      /<div class="notice (notice-\w+)" id="sitebridge-last-answer" data-code="([^"]*)">([\s\S]*?)<\/div>/.exec(
        page.html,
      );
    const inputError = /id="sitebridge-input-error">([\s\S]*?)<\/div>/.exec(page.html)?.[1];
    return {
      fields: form.fields,
      buttons: form.buttons.map((button) => button.text),
      state: plainText(/<p id="sitebridge-state">([\s\S]*?)<\/p>/.exec(page.html)?.[1] ?? ''),
      answer:
        answer === null
          ? null
          : {
              success: answer[1] === 'notice-success',
              code: answer[2] ?? '',
              text: plainText(answer[3] ?? ''),
            },
      inputError: inputError === undefined ? null : plainText(inputError),
      queue: readQueue(page.html),
      html: page.html,
    };
  }

  async #request(url: string, method: string, body: URLSearchParams | FormData | null): Promise<AdminPage> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { method, body, headers: { cookie }, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) {
        this.#cookies.set(name, value);
      }
    }
    const location = response.headers.get('location');
    if (location !== null) {
      await response.body?.cancel();
      return this.#request(new URL(location, url).href, 'GET', null);
    }
    return { status: response.status, url, html: await response.text() };
  }
}

function readQueue(html: string): QueueView | null {
  const [, waiting, failing, dead, table] =
    /id="sitebridge-queue" data-waiting="(\d+)" data-failing="(\d+)" data-dead="(\d+)">([\s\S]*?)<\/table>/.exec(
      html,
    ) ?? [];
  if (table === undefined) {
    return null;
  }
  const form = readForms(html).find((candidate) => candidate.attributes.id === QUEUE_FORM);
  return {
    waiting: Number(waiting),
    failing: Number(failing),
    dead: Number(dead),
    text: plainText(table),
    buttons: form?.buttons.map((button) => button.text) ?? [],
  };
}
