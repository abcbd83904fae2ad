<?php
/**
 * The base of the tables of links.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A table of links between contents and posts. A subclass sets `COLUMN` and `TYPE`: the name and the SQL type
 * of the column that identifies contents.
 */
abstract class Sitebridge_Links_Table extends Sitebridge_Table {

	/**
	 * Creates the table.
	 */
	public static function make() {
		global $wpdb;

		$table  = static::name();
		$column = static::COLUMN;
		$type   = static::TYPE;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- our own table; its name is not user input.
		$made = $wpdb->query( "CREATE TABLE IF NOT EXISTS {$table} (server char(16) NOT NULL, {$column} {$type} NOT NULL, post_id bigint unsigned DEFAULT NULL, seal varchar(32) NOT NULL DEFAULT '', sealed_hash varchar(16) NOT NULL DEFAULT '', PRIMARY KEY (server, {$column}), UNIQUE KEY post (post_id, server)) {$wpdb->get_charset_collate()}" );
		if ( false !== $made ) {
			static::is_made();
		}
	}
}
