<?php
/**
 * Lets only one process at a time send messages.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A lease in the options table. One process holds it. If this process dies, the lease expires after a while.
 *
 * It does not use GET_LOCK(): in a cluster or behind a proxy, any of several database servers may answer it.
 */
final class Sitebridge_Delivery_Lock {

	const OPTION = 'sitebridge_connector_lock';

	/**
	 * Seconds until a lease that is not renewed expires. Must be longer than one call to the server.
	 */
	const LEASE = 30;

	/**
	 * The option's value while this process holds the lease, otherwise ''.
	 *
	 * @var string
	 */
	private $held = '';

	/**
	 * Takes the lease.
	 *
	 * @return bool False when another process holds the lease.
	 */
	public function acquire() {
		global $wpdb;

		$value = self::value();
		// phpcs:disable WordPress.DB.DirectDatabaseQuery -- the options API can neither insert nor replace on a condition.
		$taken = $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO {$wpdb->options} (option_name, option_value, autoload) VALUES (%s, %s, 'no')", self::OPTION, $value ) );
		if ( 1 !== $taken ) {
			$taken = $wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->options} SET option_value = %s WHERE option_name = %s AND CAST(SUBSTRING_INDEX(option_value, ':', 1) AS UNSIGNED) < %d", $value, self::OPTION, time() ) );
		}
		// phpcs:enable
		$this->held = 1 === $taken ? $value : '';

		return 1 === $taken;
	}

	/**
	 * Renews the lease.
	 *
	 * @return bool False when this process has lost the lease.
	 */
	public function renew() {
		global $wpdb;

		$value = self::value();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see acquire().
		$kept = $wpdb->query( $wpdb->prepare( "UPDATE {$wpdb->options} SET option_value = %s WHERE option_name = %s AND option_value = %s", $value, self::OPTION, $this->held ) );
		if ( 1 === $kept ) {
			$this->held = $value;
		}

		return 1 === $kept;
	}

	/**
	 * Releases the lease.
	 */
	public function release() {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see acquire().
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->options} WHERE option_name = %s AND option_value = %s", self::OPTION, $this->held ) );
		$this->held = '';
	}

	/**
	 * A new value: the time when the lease expires, and a random part that identifies this process. Each
	 * value is new, because MySQL counts a row that stays the same as not updated.
	 *
	 * @return string
	 */
	private static function value() {
		return ( time() + self::LEASE ) . ':' . bin2hex( random_bytes( 8 ) );
	}
}
