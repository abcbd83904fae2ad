<?php
/**
 * One writer of a content at a time.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A lock of the database, which frees it the moment that PHP ends, however it ends: nothing is left behind
 * that would make the next one wait. Where the database is a cluster that answers from several servers, it
 * may let two in; then the unique keys of Sitebridge_Item_Links still let only one post through.
 */
final class Sitebridge_Item_Lock {

	/**
	 * Seconds to wait for another writer.
	 */
	const PATIENCE = 10;

	/**
	 * Takes the lock.
	 *
	 * @param Sitebridge_Link $link The content.
	 * @return bool False when another writer has it for long. True also where the database has no locks.
	 */
	public static function acquire( Sitebridge_Link $link ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- WordPress has no function for it.
		return '0' !== $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, %d)', self::name( $link ), self::PATIENCE ) );
	}

	/**
	 * Gives the lock back.
	 *
	 * @param Sitebridge_Link $link The content.
	 */
	public static function release( Sitebridge_Link $link ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see acquire().
		$wpdb->query( $wpdb->prepare( 'DO RELEASE_LOCK(%s)', self::name( $link ) ) );
	}

	/**
	 * The lock's name, which is one for the whole database server and at most 64 characters long.
	 *
	 * @param Sitebridge_Link $link The content.
	 * @return string
	 */
	private static function name( Sitebridge_Link $link ) {
		return 'sitebridge_' . md5( DB_NAME . ' ' . $link->lock_name() );
	}
}
