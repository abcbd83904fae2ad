<?php
/**
 * The outbox's table.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Creates the table, inserts rows and counts them.
 */
final class Sitebridge_Outbox_Table extends Sitebridge_Table {

	const TABLE          = 'sitebridge_outbox';
	const VERSION_OPTION = 'sitebridge_connector_outbox_version';
	const VERSION        = '1';

	/**
	 * Creates the table, or upgrades it to this version.
	 */
	public static function make() {
		global $wpdb;

		require_once ABSPATH . 'wp-admin/includes/upgrade.php';
		$table = self::name();
		dbDelta(
			"CREATE TABLE {$table} (
			id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
			webhook_id varchar(64) NOT NULL,
			post_id bigint(20) unsigned NOT NULL,
			topic varchar(20) NOT NULL,
			op_id varchar(200) NOT NULL DEFAULT '',
			state varchar(10) NOT NULL,
			body longtext NOT NULL,
			attempts int(10) unsigned NOT NULL DEFAULT 0,
			created_at bigint(20) unsigned NOT NULL,
			due_at bigint(20) unsigned NOT NULL,
			give_up_at bigint(20) unsigned NOT NULL,
			answer_status smallint(5) unsigned NOT NULL DEFAULT 0,
			answer text,
			PRIMARY KEY  (id),
			UNIQUE KEY webhook_id (webhook_id),
			KEY post_id (post_id),
			KEY state (state)
			) {$wpdb->get_charset_collate()};"
		);
		self::is_made();
	}

	/**
	 * Inserts a row, and creates a missing table. The table is missing on sites that joined a network later,
	 * after an update by file copy, or when it was lost in a move of the site.
	 *
	 * @param array $row Values by column.
	 * @return int The row's id, or 0 when the insert failed.
	 */
	public static function insert( array $row ) {
		global $wpdb;

		// Hooks run in the middle of other code, which may read the insert_id of its own row afterwards.
		$others_id = $wpdb->insert_id;
		if ( ! self::is_current() ) {
			self::make();
		}
		$suppressed = $wpdb->suppress_errors();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- our own table; its rows must not come from a cache.
		$done = $wpdb->insert( self::name(), $row );
		$wpdb->suppress_errors( $suppressed );
		if ( false === $done ) {
			self::make();
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see above.
			$done = $wpdb->insert( self::name(), $row );
		}
		$id              = false === $done ? 0 : (int) $wpdb->insert_id;
		$wpdb->insert_id = $others_id;

		return $id;
	}

	/**
	 * The counts of messages, for the settings page.
	 *
	 * @return array `waiting` (all messages that are not dead), `failing` (waiting messages with a failed
	 *               attempt), `dead`, and `oldest` (unix seconds of the oldest waiting message, or null).
	 */
	public static function summary() {
		global $wpdb;

		$empty = array(
			'waiting' => 0,
			'failing' => 0,
			'dead'    => 0,
			'oldest'  => null,
		);
		if ( ! self::is_current() ) {
			return $empty;
		}
		$table = self::name();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- our own table; its name is not user input.
		$row = $wpdb->get_row( "SELECT SUM(state <> 'dead') AS waiting, SUM(state <> 'dead' AND attempts > 0) AS failing, SUM(state = 'dead') AS dead, MIN(CASE WHEN state <> 'dead' THEN created_at END) AS oldest FROM {$table}", ARRAY_A );
		if ( ! is_array( $row ) ) {
			return $empty;
		}
		$oldest = $row['oldest'];

		return array( 'oldest' => null === $oldest ? null : (int) $oldest ) + array_map( 'intval', $row );
	}

	/**
	 * The five newest dead messages.
	 *
	 * @return object[] Rows with `post_id`, `topic`, `answer_status`, `answer`.
	 */
	public static function latest_dead() {
		global $wpdb;

		if ( ! self::is_current() ) {
			return array();
		}
		$table = self::name();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see summary().
		return (array) $wpdb->get_results( "SELECT post_id, topic, answer_status, answer FROM {$table} WHERE state = 'dead' ORDER BY id DESC LIMIT 5" );
	}
}
