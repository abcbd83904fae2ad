<?php
/**
 * The tables of which post is which content.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A table that is made where it is missing.
 */
abstract class Sitebridge_Links_Table extends Sitebridge_Table {

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

		if ( ! static::is_current() ) {
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

		$table  = static::name();
		$column = static::COLUMN;
		$type   = static::TYPE;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- a table of our own, whose name is no input.
		$made = $wpdb->query( "CREATE TABLE IF NOT EXISTS {$table} (server char(16) NOT NULL, {$column} {$type} NOT NULL, post_id bigint unsigned DEFAULT NULL, seal varchar(32) NOT NULL DEFAULT '', sealed_hash varchar(16) NOT NULL DEFAULT '', PRIMARY KEY (server, {$column}), UNIQUE KEY post (post_id, server)) {$wpdb->get_charset_collate()}" );
		if ( false !== $made ) {
			static::is_made();
		}
	}
}
