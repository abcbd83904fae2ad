<?php
/**
 * The last write of each server.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Each server has its own row, so that servers that write at the same time do not interfere with each other.
 */
final class Sitebridge_Operations_Table extends Sitebridge_Table {

	const TABLE          = 'sitebridge_operations';
	const VERSION_OPTION = 'sitebridge_connector_operations_version';
	const VERSION        = '1';

	/**
	 * Maximum number of rows: the servers that wrote most recently.
	 */
	const MOST = 10;

	/**
	 * The last write of a server.
	 *
	 * @param string $server 16 hex digits.
	 * @return string|null The operation's UUID; null before the first write.
	 * @throws RuntimeException When the database fails.
	 */
	public static function last( $server ) {
		global $wpdb;

		if ( ! self::is_current() ) {
			return null;
		}
		$table = self::name();
		// phpcs:ignore WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- our own table; its name is not user input.
		$rows = self::rows( $wpdb->prepare( "SELECT operation FROM {$table} WHERE server = %s", $server ) );

		return array() === $rows ? null : $rows[0]->operation;
	}

	/**
	 * Stores the last write of a server, and deletes the oldest rows above the maximum.
	 *
	 * @param string $server    16 hex digits.
	 * @param string $operation A UUID.
	 * @throws RuntimeException When the database fails.
	 */
	public static function note( $server, $operation ) {
		global $wpdb;

		$table = self::name();
		// phpcs:disable WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see last().
		self::rows( $wpdb->prepare( "INSERT INTO {$table} (server, operation, noted_at) VALUES (%s, %s, %d) ON DUPLICATE KEY UPDATE operation = VALUES(operation), noted_at = VALUES(noted_at)", $server, $operation, time() ) );
		// MySQL counts a new row as 1 and a changed row as 2:
		// https://dev.mysql.com/doc/refman/8.0/en/insert-on-duplicate.html.
		if ( 1 !== $wpdb->rows_affected ) {
			return;
		}
		foreach ( self::rows( $wpdb->prepare( "SELECT noted_at FROM {$table} ORDER BY noted_at DESC LIMIT 1 OFFSET %d", self::MOST - 1 ) ) as $row ) {
			self::rows( $wpdb->prepare( "DELETE FROM {$table} WHERE noted_at < %d", $row->noted_at ) );
		}
		// phpcs:enable
	}

	/**
	 * Creates the table.
	 */
	public static function make() {
		global $wpdb;

		$table = self::name();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see last().
		$made = $wpdb->query( "CREATE TABLE IF NOT EXISTS {$table} (server char(16) NOT NULL, operation char(36) NOT NULL, noted_at bigint unsigned NOT NULL, PRIMARY KEY (server)) {$wpdb->get_charset_collate()}" );
		if ( false !== $made ) {
			self::is_made();
		}
	}
}
