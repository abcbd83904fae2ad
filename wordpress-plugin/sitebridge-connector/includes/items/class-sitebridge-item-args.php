<?php
/**
 * What the routes for contents take.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * The arguments of each route, by which WordPress refuses what is wrong before the route is asked.
 */
final class Sitebridge_Item_Args {

	/**
	 * Contents of one page, or of one list of ids.
	 */
	const MOST_ITEMS = 500;

	/**
	 * Ids of one range, and ranges of which the ids are told at once.
	 */
	const MOST_IN_RANGE = 10000;
	const MOST_RANGES   = 20;

	/**
	 * What `items` takes.
	 *
	 * @return array
	 */
	public static function items() {
		return array(
			'type'     => self::type(),
			'after_id' => self::number( 0 ) + array( 'default' => 0 ),
			'limit'    => self::number( 1, self::MOST_ITEMS ) + array( 'default' => 100 ),
			'newest'   => self::number( 1 ),
			'include'  => array(
				'type'     => 'array',
				'items'    => self::number( 1 ),
				'maxItems' => self::MOST_ITEMS,
			),
		);
	}

	/**
	 * What `inventory` takes.
	 *
	 * @return array
	 */
	public static function inventory() {
		return array(
			'type' => self::type(),
			'size' => self::number( 1, self::MOST_IN_RANGE ) + array( 'default' => 1000 ),
			'in'   => array(
				'type'     => 'array',
				'items'    => self::number( 0 ),
				'maxItems' => self::MOST_RANGES,
			),
		);
	}

	/**
	 * What the body of a write to a content takes that is named by its key.
	 *
	 * @return array
	 */
	public static function write() {
		$args             = self::put();
		$args['op_id']    = array(
			'type'              => 'string',
			'required'          => true,
			'validate_callback' => static function ( $value ) {
				return Sitebridge_Server::is_uuid( $value ) ? true : new WP_Error( 'rest_invalid_param', __( 'op_id must be a UUID.', 'sitebridge-connector' ), array( 'status' => 400 ) );
			},
		);
		$args['legacy_id'] = array( 'type' => array( 'integer', 'null' ) ) + self::number( 1 );

		return $args;
	}

	/**
	 * What the body of a write takes.
	 *
	 * @return array
	 */
	public static function put() {
		$text = array( 'type' => 'string' );

		return array(
			'type'           => self::type(),
			'op_id'          => array(
				'type'     => 'string',
				'pattern'  => '^[\x21-\x7e]{1,200}$',
				'required' => true,
			),
			'id'             => array( 'type' => array( 'integer', 'null' ) ) + self::number( 1 ),
			'expected_hash'  => array(
				'type'    => array( 'string', 'null' ),
				'pattern' => '^[0-9a-f]{16}$',
			),
			'title'          => $text,
			'slug'           => $text,
			'content'        => $text,
			'excerpt'        => $text,
			'status'         => array(
				'type' => 'string',
				'enum' => array_values( get_post_stati( array( 'internal' => false ) ) ),
			),
			'terms'          => array(
				'type'  => 'array',
				'items' => array(
					'type'       => 'object',
					'properties' => array(
						'taxonomy' => $text + array( 'required' => true ),
						'slug'     => $text + array( 'required' => true ),
						'name'     => $text + array( 'required' => true ),
					),
				),
			),
			'meta'           => array( 'type' => 'object' ),
			'author'         => self::number( 1 ),
			'date_gmt'       => array(
				'type'   => 'string',
				'format' => 'date-time',
			),
			'parent'         => self::number( 0 ),
			'featured_media' => self::number( 0 ),
		);
	}

	/**
	 * The type of content.
	 *
	 * @return array
	 */
	private static function type() {
		return array(
			'type'     => 'string',
			'required' => true,
		);
	}

	/**
	 * A whole number.
	 *
	 * @param int      $minimum The least.
	 * @param int|null $maximum The most.
	 * @return array
	 */
	private static function number( $minimum, $maximum = null ) {
		return array(
			'type'    => 'integer',
			'minimum' => $minimum,
		) + ( null === $maximum ? array() : compact( 'maximum' ) );
	}
}
