<?php
/**
 * One deliverer at a time.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A lease in the options table: held by one process, and free again a while after that process died.
 *
 * Not GET_LOCK(): a database behind a proxy or in a cluster answers it from whichever server it likes.
 */
final class Sitebridge_Delivery_Lock {

	const OPTION = 'sitebridge_connector_lock';

	/**
	 * Seconds until a lease that is not renewed ends. Longer than one call to the server may take.
	 */
	const LEASE = 30;

	/**
	 * The value by which this process holds the lease, or ''.
	 *
	 * @var string
	 */
	private $held = '';

	/**
	 * Takes the lease.
	 *
	 * @return bool False when another process has it.
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
	 * @return bool False when it has been lost.
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
	 * Gives the lease back.
	 */
	public function release() {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see acquire().
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->options} WHERE option_name = %s AND option_value = %s", self::OPTION, $this->held ) );
		$this->held = '';
	}

	/**
	 * A new value: when the lease ends, and what makes it this process's. Never the same twice, because
	 * MySQL counts a row that stays as it is as not updated.
	 *
	 * @return string
	 */
	private static function value() {
		return ( time() + self::LEASE ) . ':' . bin2hex( random_bytes( 8 ) );
	}
}
