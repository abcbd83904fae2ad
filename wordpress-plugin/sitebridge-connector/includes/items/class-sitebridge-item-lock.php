<?php
/**
 * Lets only one request at a time write a content.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A lock in the database. The database releases it as soon as PHP ends, however PHP ends, so that no leftover
 * lock makes the next request wait. A database cluster that answers from several servers may give the lock to
 * two requests. Then the unique keys of Sitebridge_Links_Table still let only one post through.
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
	 * @return bool False when another writer holds the lock for too long. True also when the database has no
	 *              locks.
	 */
	public static function acquire( Sitebridge_Link $link ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- WordPress has no function for it.
		return '0' !== $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, %d)', self::name( $link ), self::PATIENCE ) );
	}

	/**
	 * Releases the lock.
	 *
	 * @param Sitebridge_Link $link The content.
	 */
	public static function release( Sitebridge_Link $link ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see acquire().
		$wpdb->query( $wpdb->prepare( 'DO RELEASE_LOCK(%s)', self::name( $link ) ) );
	}

	/**
	 * The lock's name. Lock names are shared by the whole database server, and have at most 64 characters.
	 *
	 * @param Sitebridge_Link $link The content.
	 * @return string
	 */
	private static function name( Sitebridge_Link $link ) {
		return 'sitebridge_' . md5( DB_NAME . ' ' . $link->lock_name() );
	}
}
