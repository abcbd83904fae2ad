<?php
/**
 * Why a content of the server is not written.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * No post is written over that is not the content's, or not any more what the server expects.
 */
final class Sitebridge_Item_Refusals {

	/**
	 * Reads what there is.
	 *
	 * @var Sitebridge_Item_Reader
	 */
	private $reader;

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Item_Reader $reader Reads what there is.
	 */
	public function __construct( Sitebridge_Item_Reader $reader ) {
		$this->reader = $reader;
	}

	/**
	 * Why a post is not updated.
	 *
	 * @param Sitebridge_Link $link  Which content.
	 * @param WP_Post|null    $own   The post that the content is here.
	 * @param WP_Post|null    $post  The post that the server names.
	 * @param string|null     $hash  Its hash.
	 * @param array           $input See Sitebridge_Item_Writer::write().
	 * @return WP_Error|null
	 */
	public function of_update( Sitebridge_Link $link, $own, $post, $hash, array $input ) {
		$owner = null === $post ? '' : $link->other_owner( $post );
		if ( '' !== $owner || ( null !== $own && $own->ID !== (int) $input['id'] ) ) {
			return $link->mismatch( (int) $input['id'], $owner, null === $own ? 0 : $own->ID, null === $post ? null : $this->reader->one( $post ) );
		}
		$expected = isset( $input['expected_hash'] ) ? $input['expected_hash'] : null;
		$unseen   = null === $expected && $link instanceof Sitebridge_Number_Link && null !== $post && '' !== Sitebridge_Item_Link::key( $post );
		// Older servers name no state where they know none; a post that has a key is a newer server's.
		if ( null === $post || $unseen || ( null !== $expected && ( $expected !== $hash || 'trash' === $post->post_status ) ) ) {
			return $this->conflict( 'sitebridge_conflict', $post );
		}

		return null;
	}

	/**
	 * Why no post is made: there is one, and a create overwrites nothing.
	 *
	 * @param Sitebridge_Link $link  Which content.
	 * @param WP_Post|null    $post  The post that the content is here.
	 * @param array           $input See Sitebridge_Item_Writer::write().
	 * @return WP_Error|null
	 */
	public function of_create( Sitebridge_Link $link, $post, array $input ) {
		if ( null !== $post ) {
			return $this->conflict( $link instanceof Sitebridge_Item_Link ? 'sitebridge_already_there' : 'sitebridge_conflict', $post );
		}
		if ( isset( $input['expected_hash'] ) ) {
			return $this->conflict( 'sitebridge_conflict', null );
		}
		$number = isset( $input['legacy_id'] ) ? ( new Sitebridge_Number_Link( $input['legacy_id'] ) )->find() : null;
		$older  = null === $number ? null : Sitebridge_Item_Writer::post( $number['post_id'], $input['type'] );

		return null === $older || '' !== Sitebridge_Item_Link::key( $older ) ? null : $this->conflict( 'sitebridge_already_there', $older );
	}

	/**
	 * Nothing was written, as the site has something else than the server expects.
	 *
	 * @param string       $code What it is.
	 * @param WP_Post|null $post What there is.
	 * @return WP_Error
	 */
	private function conflict( $code, $post ) {
		return new WP_Error(
			$code,
			__( 'The content is not any more what the server expects.', 'sitebridge-connector' ),
			array(
				'status' => 409,
				'item'   => null === $post ? null : $this->reader->one( $post ),
			)
		);
	}
}
