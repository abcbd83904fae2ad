<?php
/**
 * The nonces that were used.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Accepts each nonce once.
 *
 * An own table, because accepting must be one atomic step: two requests with the same nonce at the same
 * moment both find nothing when they look first. The primary key lets exactly one insert through.
 */
final class Sitebridge_Nonce_Store extends Sitebridge_Table {

	const TABLE          = 'sitebridge_nonces';
	const VERSION_OPTION = 'sitebridge_connector_db_version';
	const VERSION        = '1';

	/**
	 * Uses a nonce up.
	 *
	 * @param string $nonce   The nonce, of any length.
	 * @param int    $expires Unix seconds after which its request is too old to be accepted anyway.
	 * @return bool|null True the first time, false when it was used before, null when it cannot be stored.
	 */
	public function claim( $nonce, $expires ) {
		global $wpdb;

		if ( ! self::is_current() ) {
			self::make();
		}
		$table = self::name();
		// phpcs:disable WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- a table of our own, whose name is no input; nothing of it may come from a cache.
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$table} WHERE expires < %d LIMIT 200", time() ) );

		$hidden = $wpdb->hide_errors();
		$rows   = $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO {$table} (nonce_hash, expires) VALUES (%s, %d)", hash( 'sha256', $nonce ), $expires ) );
		if ( $hidden ) {
			$wpdb->show_errors();
		}
		// phpcs:enable
		if ( false === $rows ) {
			// The table may have been lost in a move of the site: make it again at the next request.
			delete_option( self::VERSION_OPTION );
			return null;
		}

		return 1 === $rows;
	}

	/**
	 * Makes the table on this site of the network. Called when it is first needed rather than at
	 * activation, so that sites added to a network later, and updates by file copy, have it too.
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
