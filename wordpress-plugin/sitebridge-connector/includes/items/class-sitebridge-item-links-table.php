<?php
/**
 * The table of which post is which content.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Makes the table where it is missing, and asks it.
 */
final class Sitebridge_Item_Links_Table extends Sitebridge_Table {

	const TABLE          = 'sitebridge_items';
	const VERSION_OPTION = 'sitebridge_connector_items_version';
	const VERSION        = '1';

	/**
	 * Asks the table. Makes it where it is missing: on sites that joined a network later, after an update by
	 * file copy, or when it was lost in a move of the site.
	 *
	 * @param string $sql Prepared SQL.
	 * @return object[]
	 * @throws RuntimeException When the database fails.
	 */
	public static function rows( $sql ) {
		global $wpdb;

		if ( ! self::is_current() ) {
			self::make();
		}
		$suppressed = $wpdb->suppress_errors();
		try {
			return Sitebridge_Item_Query::rows( $sql );
		} catch ( RuntimeException $error ) {
			self::make();
		} finally {
			$wpdb->suppress_errors( $suppressed );
		}

		return Sitebridge_Item_Query::rows( $sql );
	}

	/**
	 * Makes the table.
	 */
	private static function make() {
		global $wpdb;

		$table = self::name();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- a table of our own, whose name is no input.
		$made = $wpdb->query( "CREATE TABLE IF NOT EXISTS {$table} (server char(16) NOT NULL, content_id bigint unsigned NOT NULL, post_id bigint unsigned DEFAULT NULL, seal varchar(32) NOT NULL DEFAULT '', sealed_hash varchar(16) NOT NULL DEFAULT '', PRIMARY KEY (server, content_id), UNIQUE KEY post (post_id, server)) {$wpdb->get_charset_collate()}" );
		if ( false !== $made ) {
			self::is_made();
		}
	}
}
