<?php
/**
 * The tables of which post is which content.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A table that says which post a content is, by the column that names contents. Who extends it names `COLUMN` and `TYPE`.
 */
abstract class Sitebridge_Links_Table extends Sitebridge_Table {

	/**
	 * Makes the table.
	 */
	public static function make() {
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
