<?php
/**
 * The used nonces.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Accepts each nonce once.
 *
 * The nonces have a table of their own, because accepting a nonce must be one atomic step. If two requests
 * with the same nonce looked first, both would find nothing. The primary key lets exactly one insert through.
 */
final class Sitebridge_Nonce_Store extends Sitebridge_Table {

	const TABLE          = 'sitebridge_nonces';
	const VERSION_OPTION = 'sitebridge_connector_db_version';
	const VERSION        = '1';

	/**
	 * Accepts a nonce if it was not used before.
	 *
	 * @param string $nonce   The nonce, of any length.
	 * @param int    $expires Unix seconds after which the request is too old anyway.
	 * @return bool|null True for a new nonce, false for a used nonce, null when the nonce cannot be stored.
	 */
	public function claim( $nonce, $expires ) {
		global $wpdb;

		if ( ! self::is_current() ) {
			self::make();
		}
		$table = self::name();
		// phpcs:disable WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- our own table; its name is not user input, and its rows must not come from a cache.
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$table} WHERE expires < %d LIMIT 200", time() ) );

		$hidden = $wpdb->hide_errors();
		$rows   = $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO {$table} (nonce_hash, expires) VALUES (%s, %d)", hash( 'sha256', $nonce ), $expires ) );
		if ( $hidden ) {
			$wpdb->show_errors();
		}
		// phpcs:enable
		if ( false === $rows ) {
			// The table may have been lost in a move of the site. The next request creates it again.
			delete_option( self::VERSION_OPTION );
			return null;
		}

		return 1 === $rows;
	}

	/**
	 * Creates the table on this site of the network. Called when the table is first needed, not at
	 * activation, so that it also exists on sites added to a network later and after updates by file copy.
	 */
	public static function make() {
		global $wpdb;

		$table = self::name();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see claim().
		$made = $wpdb->query( "CREATE TABLE IF NOT EXISTS {$table} (nonce_hash char(64) NOT NULL, expires bigint unsigned NOT NULL, PRIMARY KEY (nonce_hash), KEY expires (expires)) {$wpdb->get_charset_collate()}" );
		if ( false !== $made ) {
			self::is_made();
		}
	}
}
