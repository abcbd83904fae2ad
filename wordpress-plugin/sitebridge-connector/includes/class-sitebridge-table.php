<?php
/**
 * A table of the plugin.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * The name and the version of a table. A subclass creates the table. It sets `TABLE`, `VERSION`, and
 * `VERSION_OPTION`: the option that stores the created version.
 */
abstract class Sitebridge_Table {

	/**
	 * The table's full name, with WordPress's prefix.
	 *
	 * @return string
	 */
	public static function name() {
		global $wpdb;

		return $wpdb->prefix . static::TABLE;
	}

	/**
	 * Whether the table was created in the current version.
	 *
	 * @return bool
	 */
	public static function is_current() {
		return static::VERSION === get_option( static::VERSION_OPTION );
	}

	/**
	 * Creates the table if it is missing, and stores its version.
	 */
	abstract public static function make();

	/**
	 * Runs a query on the table, and creates a missing table. The table is missing on sites that joined a
	 * network later, after an update by file copy, or when it was lost in a move of the site.
	 *
	 * @param string $sql Prepared SQL that reads or writes.
	 * @return object[] Rows; empty after a write.
	 * @throws RuntimeException When the database fails.
	 */
	public static function rows( $sql ) {
		global $wpdb;

		if ( ! static::is_current() ) {
			static::make();
		}
		$suppressed = $wpdb->suppress_errors();
		try {
			return Sitebridge_Item_Query::rows( $sql );
		} catch ( RuntimeException $error ) {
			static::make();
		} finally {
			$wpdb->suppress_errors( $suppressed );
		}

		return Sitebridge_Item_Query::rows( $sql );
	}

	/**
	 * Stores that the table was created in the current version.
	 */
	protected static function is_made() {
		update_option( static::VERSION_OPTION, static::VERSION );
	}
}
