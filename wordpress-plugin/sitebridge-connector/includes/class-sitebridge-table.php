<?php
/**
 * A table of the plugin.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * What each of its tables is called, and whether it is there. Who extends it names `TABLE`, `VERSION` and the
 * option `VERSION_OPTION` that keeps which version was made.
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
	 * Remembers that the table is there, in this version.
	 */
	protected static function is_made() {
		update_option( static::VERSION_OPTION, static::VERSION );
	}
}
