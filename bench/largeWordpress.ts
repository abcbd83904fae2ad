import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { installSystemPackages } from '../test/wordpress/support/apt.ts';
import { installConnector } from '../test/wordpress/support/connector.ts';
import { startMariadb } from '../test/wordpress/support/mariadb.ts';
import { startWordpress, type Wordpress } from '../test/wordpress/support/wordpress.ts';

/** A request that reached WordPress. */
export interface Seen {
  method: string;
  /** Path and query. */
  target: string;
  body: string;
}

/** A real WordPress behind nginx with many posts. */
export interface LargeWordpress {
  url: string;
  /** The credentials of an editor. */
  credentials: { username: string; application_password: string };
  /** Installs the connector and enters site id and key in its settings. */
  connect(siteId: number, key: string): Promise<void>;
  /** Returns the requests that reach WordPress during `work`. */
  record(work: () => Promise<unknown>): Promise<Seen[]>;
  /** Removes everything that was written after the seeding. */
  forgetWritten(): Promise<void>;
  stop(): Promise<void>;
}

const seen = z.object({ method: z.string(), target: z.string(), body: z.string() });

/**
 * Starts a WordPress 6.8 with `count` posts of about 2.8 KB, with categories and tags. Needs Debian, as root.
 */
export async function startLargeWordpress(count: number): Promise<LargeWordpress> {
  installSystemPackages();
  const mariadb = await startMariadb();
  let wordpress: Wordpress;
  try {
    wordpress = await startWordpress(mariadb, { version: '6.8', server: 'fpm' });
  } catch (error) {
    await mariadb.stop();
    throw error;
  }
  const stop = async () => {
    await wordpress.stop();
    await mariadb.stop();
  };
  try {
    const lastId = await seed(wordpress, count);
    const log = join(wordpress.root, '../requests.log');
    writeFileSync(join(wordpress.root, 'wp-content/mu-plugins/record-requests.php'), recorder(log));
    const { users } = wordpress;
    const password = await wordpress.php(
      `return WP_Application_Passwords::create_new_application_password( ${users.editor}, array( 'name' => 'bench' ) )[0];`,
    );
    return {
      url: wordpress.url,
      credentials: { username: 'editor', application_password: String(password) },
      async connect(siteId, key) {
        const admin = await installConnector(wordpress);
        await admin.pressSettings('Save', {
          server_url: 'https://sitebridge.example.com/',
          site_id: String(siteId),
          api_key: key,
          user_id: String(users.editor),
        });
      },
      async record(work) {
        writeFileSync(log, '');
        try {
          await work();
          return readFileSync(log, 'utf8')
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => seen.parse(JSON.parse(line)));
        } finally {
          if (existsSync(log)) rmSync(log);
        }
      },
      forgetWritten: () => forgetWritten(wordpress, lastId),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Creates posts, categories and tags. Returns the highest post id. */
async function seed(wordpress: Wordpress, count: number): Promise<number> {
  const paragraph =
    '<!-- wp:paragraph -->\\n<p>Lorem ipsum dolor sit amet, consectetur adipisici elit.</p>\\n<!-- /wp:paragraph -->\\n';
  await wordpress.php(`
    for ( $n = 1; $n <= 20; $n++ ) { wp_insert_term( "Category $n", 'category' ); }
    for ( $n = 1; $n <= 80; $n++ ) { wp_insert_term( "Tag $n", 'post_tag' ); }
    return true;`);
  await wordpress.query(`
    INSERT INTO wp_posts (post_author, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status,
      post_name, post_modified, post_modified_gmt, post_type, guid, to_ping, pinged, post_content_filtered)
    SELECT 1, made, made, CONCAT(REPEAT('${paragraph}', 26), seq), CONCAT('Post ', seq, ' of the bench'),
      CONCAT('Excerpt ', seq), IF(seq % 10 = 0, 'draft', 'publish'), CONCAT('bench-', seq), made, made, 'post',
      CONCAT('urn:bench:', seq), '', '', ''
    FROM (SELECT seq, '2025-01-01' + INTERVAL seq MINUTE AS made FROM seq_1_to_${count}) numbered`);
  for (const [taxonomy, each] of [
    ['category', 1],
    ['post_tag', 1],
    ['post_tag', 7],
  ] as const) {
    await wordpress.query(`
      INSERT IGNORE INTO wp_term_relationships (object_id, term_taxonomy_id)
      SELECT p.ID, t.term_taxonomy_id FROM wp_posts p
      JOIN (SELECT term_taxonomy_id, ROW_NUMBER() OVER (ORDER BY term_taxonomy_id) - 1 AS at, COUNT(*) OVER () AS found
        FROM wp_term_taxonomy WHERE taxonomy = '${taxonomy}') t ON t.at = p.ID * ${each} % t.found
      WHERE p.post_name LIKE 'bench-%'`);
  }
  await wordpress.query('ANALYZE TABLE wp_posts, wp_term_relationships');
  const [row] = await wordpress.query('SELECT MAX(ID) AS last FROM wp_posts');
  return Number(row?.last);
}

/** PHP code that appends each request to the log file while that file exists. */
function recorder(log: string): string {
  return `<?php
if ( is_file( '${log}' ) && isset( $_SERVER['REQUEST_URI'] ) ) {
	file_put_contents( '${log}', json_encode( array(
		'method' => $_SERVER['REQUEST_METHOD'],
		'target' => $_SERVER['REQUEST_URI'],
		'body'   => (string) file_get_contents( 'php://input' ),
	) ) . "\\n", FILE_APPEND | LOCK_EX );
}
`;
}

async function forgetWritten(wordpress: Wordpress, lastId: number): Promise<void> {
  await wordpress.query(`DELETE FROM wp_posts WHERE ID > ${lastId}`);
  await wordpress.query(`DELETE FROM wp_postmeta WHERE post_id > ${lastId}`);
  await wordpress.query(`DELETE FROM wp_term_relationships WHERE object_id > ${lastId}`);
  const tables = await wordpress.query("SHOW TABLES LIKE 'wp\\_sitebridge\\_%'");
  for (const table of tables.flatMap((row) => Object.values(row))) await wordpress.query(`TRUNCATE ${table}`);
}
