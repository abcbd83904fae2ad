import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Break, ContractShape, ContractSite } from '../contract/wordpress/contractSite.ts';
import { describeWordpress } from '../contract/wordpress/wordpressContract.ts';
import { installConnector } from './support/connector.ts';
import type { Mariadb } from './support/mariadb.ts';
import { withMariadb } from './support/stage.ts';
import { phpUnderTest, versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

const SITE_ID = 7;
const SITE_KEY = `sbk_${'Aa0-_'.repeat(9).slice(0, 43)}`;

let mariadb: Mariadb;
withMariadb((started) => {
  mariadb = started;
});

/** Breaks a site. Returns the function that mends it. */
async function breakSite(wordpress: Wordpress, what: Break): Promise<() => unknown> {
  const write = (path: string, source: string) => {
    const file = join(wordpress.root, path);
    writeFileSync(file, source);
    return () => rmSync(file);
  };
  const muPlugin = (name: 'rest-restricted' | 'dirty-json' | 'fatal-error') => {
    wordpress.setMuPlugin(name, true);
    return () => wordpress.setMuPlugin(name, false);
  };
  const plugins = (value: string) =>
    wordpress.php(`update_option( 'active_plugins', ${value} ); return true;`);
  switch (what) {
    case 'rest_closed':
      return muPlugin('rest-restricted');
    case 'dirty_json':
      return muPlugin('dirty-json');
    case 'fatal':
      return muPlugin('fatal-error');
    case 'maintenance':
      return write('.maintenance', '<?php $upgrading = time();');
    case 'application_passwords_off':
      return write(
        'wp-content/mu-plugins/no-application-passwords.php',
        "<?php add_filter( 'wp_is_application_passwords_available', '__return_false' );",
      );
    case 'connector_missing':
      await plugins('array()');
      return () => plugins("array( 'sitebridge-connector/sitebridge-connector.php' )");
  }
}

// WordPress's own part does not depend on this project's PHP.
const scope = phpUnderTest() === null ? 'whole' : 'connector';
for (const version of versionsUnderTest()) {
  const start = async (shape: ContractShape): Promise<ContractSite> => {
    const wordpress = await startWordpress(mariadb, { version, ...shape });
    const admin = await installConnector(wordpress);
    await admin.pressSettings('Save', {
      server_url: 'https://sitebridge.example.com/',
      site_id: String(SITE_ID),
      api_key: SITE_KEY,
      user_id: String(wordpress.users.editor),
    });
    const password = async (user: number) =>
      String(
        await wordpress.php(
          `return WP_Application_Passwords::create_new_application_password( ${user}, array( 'name' => 'test' ) )[0];`,
        ),
      );
    // The suite needs post meta that is registered for REST.
    writeFileSync(
      join(wordpress.root, 'wp-content/mu-plugins/contract-meta.php'),
      `<?php
add_action( 'init', static function () {
	foreach ( array( 'subtitle' => 'string', 'rating' => 'integer' ) as $key => $type ) {
		register_post_meta( 'post', $key, array( 'type' => $type, 'single' => true, 'show_in_rest' => true ) );
	}
} );
`,
    );
    wordpress.setMuPlugin('own-namespace', true);
    wordpress.setMuPlugin('small-builder', true);
    const mending: Array<() => unknown> = [];
    return {
      url: wordpress.url,
      siteId: SITE_ID,
      siteKey: SITE_KEY,
      pluginVersion: String(await wordpress.php('return SITEBRIDGE_CONNECTOR_VERSION;')),
      editor: { username: 'editor', application_password: await password(wordpress.users.editor) },
      author: { username: 'author', application_password: await password(wordpress.users.author) },
      subscriber: {
        username: 'subscriber',
        application_password: await password(wordpress.users.subscriber),
      },
      postMessage: async (topic, postId) =>
        String(
          await wordpress.php(
            `$structure = new Sitebridge_Structure( new Sitebridge_Settings() );
            return ( new Sitebridge_Post_Message( $structure ) )->build( ${postId}, '${topic}', '' );`,
          ),
        ),
      termMessage: async (taxonomy, termId, was) =>
        String(
          await wordpress.php(`return Sitebridge_Site_Message::term( '${taxonomy}', ${termId}, '${was}' );`),
        ),
      siteMessage: async () => String(await wordpress.php('return Sitebridge_Site_Message::site( false );')),
      inAdmin: {
        setTerms: async (id, taxonomy, termIds) => {
          const ids = `array( ${termIds.join(', ')} )`;
          await wordpress.php(`wp_set_object_terms( ${id}, ${ids}, '${taxonomy}' ); return true;`);
        },
        setStatus: async (id, status) => {
          await wordpress.php(
            `wp_update_post( array( 'ID' => ${id}, 'post_status' => '${status}' ) ); return true;`,
          );
        },
        setMeta: async (id, key, value) => {
          await wordpress.php(`update_post_meta( ${id}, '${key}', '${value}' ); return true;`);
        },
        setProtectedMeta: async (id, key, value) => {
          await wordpress.php(`update_post_meta( ${id}, '${key}', wp_slash( '${value}' ) ); return true;`);
        },
        untrash: async (id) => {
          // wp-admin adds this filter before it restores a post.
          await wordpress.php(
            `add_filter( 'wp_untrash_post_status', 'wp_untrash_post_set_previous_status', 10, 3 );
            wp_untrash_post( ${id} ); return true;`,
          );
        },
      },
      setGmtOffset: async (hours) => {
        await wordpress.php(`update_option( 'gmt_offset', ${hours} ); return true;`);
      },
      async break(what) {
        mending.push(await breakSite(wordpress, what));
      },
      async mend() {
        for (const mend of mending.splice(0)) await mend();
      },
      async stop() {
        const log = wordpress.phpLog();
        await wordpress.stop();
        // The whole contract breaks sites on purpose, and a broken site may log anything.
        if (scope === 'connector') expect(log).not.toMatch(/sitebridge/i);
      },
    };
  };
  describeWordpress(`WordPress ${version}`, start, scope);
}
