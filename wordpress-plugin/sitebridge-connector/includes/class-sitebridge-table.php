<?php
/**
 * A table of the plugin.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * What each of its tables is called, and whether it is there. Who extends it names `TABLE`, `VERSION` and the
 * option `VERSION_OPTION` that keeps which version was made, and makes the table.
 */
abstract class Sitebridge_Table {

	/**
	 * The table's whole name.
	 *
	 * @return string
	 */
	public static function name() {
		global $wpdb;

		return $wpdb->prefix . static::TABLE;
	}

	/**
	 * Whether the table is there, in this version.
	 *
	 * @return bool
	 */
	public static function is_current() {
		return static::VERSION === get_option( static::VERSION_OPTION );
	}

	/**
	 * Makes the table where it is missing, and remembers that.
	 */
	abstract public static function make();

	/**
	 * Asks the table. Makes it where it is missing: on sites that joined a network later, after an update by
	 * file copy, or when it was lost in a move of the site.
	 *
	 * @param string $sql Prepared SQL, of a reading or a writing.
	 * @return object[] Rows; empty after a writing.
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
	 * Remembers that the table is there, in this version.
	 */
	protected static function is_made() {
		update_option( static::VERSION_OPTION, static::VERSION );
	}
}
